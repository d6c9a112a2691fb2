//! Rules about Rust code that neither the compiler nor Clippy has.

use super::complaint::Complaint;
use super::files::says_nothing;
use super::rust::Source;
use std::collections::BTreeMap;

/// Where the model is: plain data, the same on every system.
const MODEL: &str = "crates/netstat-model/src/";

/// Modules that do something to the machine or ask it, and whose use is therefore I/O.
const IO: [&str; 6] = ["std::env", "std::fs", "std::os", "std::process", "std::thread", "std::io::stdin"];

/// No test is disabled.
pub(super) fn disabled_tests(path: &str, source: &Source) -> Vec<Complaint> {
    let disables = |text: &str| match text.strip_prefix("cfg_attr(") {
        Some(condition) => condition.split([',', ')', '=']).any(|word| word == "ignore"),
        None => text == "ignore" || text.starts_with("ignore="),
    };
    let disabled = source.attributes.iter().filter(|attribute| disables(&attribute.text));
    let what = "disables a test; fix the test, or let it print `skipped: ` and why";
    disabled.map(|attribute| Complaint::new(path, attribute.line, what)).collect()
}

/// No inline module has an empty name. A file with such a name is reported by its path.
pub(super) fn module_names(path: &str, source: &Source) -> Vec<Complaint> {
    let named = source.modules.iter().filter(|module| module.is_inline && says_nothing(&module.name));
    named
        .map(|module| {
            let what = format!("has a module called {}; name it after what it does", module.name);
            Complaint::new(path, module.line, what)
        })
        .collect()
}

/// `unsafe` is in the listed files only, and each of them has some.
pub(super) fn unsafe_files(sources: &BTreeMap<&str, Source>, listed: &[&str]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, source) in sources {
        let what = "holds unsafe; write it safely, or add the file to UNSAFE_FILES in xtask/src/tidy.rs";
        let lines = source.unsafe_lines.iter().filter(|_| !listed.contains(path));
        complaints.extend(lines.map(|line| Complaint::new(path, *line, what)));
    }
    for path in listed {
        if sources.get(path).is_none_or(|source| source.unsafe_lines.is_empty()) {
            complaints.push(Complaint::new(path, 1, "holds no unsafe; remove it from UNSAFE_FILES"));
        }
    }
    complaints
}

/// The model has no I/O, and no `cfg` but for features.
pub(super) fn model(path: &str, source: &Source) -> Vec<Complaint> {
    if !path.starts_with(MODEL) {
        return Vec::new();
    }
    let conditions = source.attributes.iter().filter(|attribute| {
        let condition =
            attribute.text.strip_prefix("cfg").and_then(|text| text.split_once('(')).map(|(_, text)| text);
        !attribute.is_test
            && condition.is_some_and(|text| !text.starts_with("feature=") && !text.starts_with("not(test)"))
    });
    let what = "has a cfg in the model, which is the same on every system; make it an Option";
    let mut complaints: Vec<Complaint> =
        conditions.map(|attribute| Complaint::new(path, attribute.line, what)).collect();
    for found in &source.uses {
        let text = found.path.join("::");
        let is_io = |io: &&&str| {
            text.strip_prefix(**io).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        if let Some(io) = IO.iter().find(is_io) {
            let what = format!("uses {io} in the model, which is plain data; read it in netstat-os");
            complaints.push(Complaint::new(path, found.line, what));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rule: fn(&str, &Source) -> Vec<Complaint>, path: &str, text: &str) -> Vec<usize> {
        rule(path, &Source::parse(text).unwrap()).iter().map(|complaint| complaint.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn tests_are_not_disabled() {
        for text in [
            "#[ignore]",
            "#[ignore = \"slow\"]",
            "#[cfg_attr(windows, ignore)]",
            "#[cfg_attr(x, ignore = \"y\")]",
        ] {
            let text = format!("#[cfg(test)]\nmod tests {{\n#[test]\n{text}\nfn a() {{}}\n}}\n");
            assert_eq!(lines(disabled_tests, "a.rs", &text), [4], "{text}");
        }
        assert_eq!(lines(disabled_tests, "a.rs", "// #[ignore]\nconst A: &str = \"#[ignore]\";\n"), NONE);
    }

    #[test]
    fn modules_inside_a_file_are_named_after_something() {
        assert_eq!(lines(module_names, "a.rs", "mod util {\n}\nmod useful {\n}\nmod helpers;\n"), [1]);
    }

    #[test]
    fn unsafe_is_in_the_listed_files_and_the_list_is_kept_true() {
        let sources = |text| BTreeMap::from([("a.rs", Source::parse(text).unwrap())]);
        let (with, without) =
            (sources("fn a() {}\nfn b() { unsafe {} }\n"), sources("#![deny(unsafe_code)]\n"));
        assert_eq!(unsafe_files(&with, &["a.rs"]), []);
        assert_eq!(unsafe_files(&without, &[]), []);
        assert_eq!(unsafe_files(&with, &[])[0].line, 2);
        assert_eq!(unsafe_files(&without, &["a.rs"]).len(), 1);
        assert_eq!(unsafe_files(&BTreeMap::new(), &["a.rs"]).len(), 1);
    }

    #[test]
    fn the_model_is_plain_data() {
        let file = "crates/netstat-model/src/socket.rs";
        let bad = "use std::{fs, net};\n#[cfg(windows)]\nfn a() { std::env::var(\"X\"); }\n#[cfg_attr(unix, b)]\nfn c() {}\n";
        assert_eq!(lines(model, file, bad), [2, 4, 1, 3]);
        let good = "#[cfg(test)]\nmod tests { use std::fs; }\n#[cfg_attr(feature = \"serde\", derive(serde::Serialize))]\n\
                    struct A;\n#[cfg(feature = \"serde\")]\nuse std::net::IpAddr;\n";
        assert_eq!(lines(model, file, good), NONE);
        assert_eq!(lines(model, "crates/netstat-os/src/a.rs", bad), NONE);
    }
}
