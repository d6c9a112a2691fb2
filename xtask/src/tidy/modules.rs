//! The modules of the workspace, and which file uses what of which other file.
//!
//! Only `src` folders count, without tests. A name that a module re-exports with `pub use` belongs to the file that
//! defines it, also in another crate. Importing a module is no use of it by itself; the paths that begin with its name
//! are. A parent that calls `child::f()` after `mod child;` is not counted either: it puts its children together.

use super::rust::Source;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One use of a file by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) line: usize,
    pub(super) to: String,
    /// What is used.
    pub(super) name: String,
}

/// The path of a module or an item from its crate: `["netstat_cli", "render", "classic"]`.
type Path = Vec<String>;

/// How deep re-exports of re-exports are followed. More is a circle that the compiler refuses.
const DEPTH: usize = 8;

/// Lists the uses of files by other files of the workspace, in the order of files and lines.
pub(super) fn edges(sources: &BTreeMap<&str, Source>) -> Vec<Edge> {
    let modules = Modules::new(sources);
    let mut edges = Vec::new();
    for (file, module) in &modules.in_files {
        let mut found: Vec<_> = sources[file]
            .uses
            .iter()
            .filter_map(|found| {
                // A parent that calls a child by its bare name puts its children together.
                let is_bare = found.import.is_none()
                    && !matches!(found.path.first()?.as_str(), "crate" | "super" | "self")
                    && modules.declares(&inside(module, &found.scope), found.path.first()?);
                if is_bare {
                    return None;
                }
                let target = modules.absolute(&inside(module, &found.scope), &found.path)?;
                let is_use = match &found.import {
                    // A parent that re-exports what its children define does not use them.
                    Some(import) if import.is_public => !target.starts_with(module),
                    Some(_) => !modules.files.contains_key(&target),
                    None => true,
                };
                let (to, name) = modules.defining_file(&target, DEPTH)?;
                (is_use && to != *file).then_some((found.line, to, name))
            })
            .collect();
        found.sort_unstable();
        edges.extend(found.into_iter().map(|(line, to, name)| Edge {
            from: (*file).to_owned(),
            line,
            to: to.to_owned(),
            name,
        }));
    }
    edges
}

/// Splits the path of a file into its crate's name and its place below `src`.
pub(super) fn place(file: &str) -> Option<(&str, &str)> {
    let (folder, below) = file.split_once("/src/")?;
    Some((folder.rsplit('/').next()?, below))
}

/// Returns the top-level module of a file as `crate/module`, or the crate alone for its root.
pub(super) fn floor(file: &str) -> String {
    let (name, below) = place(file).unwrap_or((file, ""));
    match below.split('/').next().unwrap_or_default().trim_end_matches(".rs") {
        "lib" | "main" => name.to_owned(),
        top => format!("{name}/{top}"),
    }
}

fn inside(module: &[String], scope: &[String]) -> Path {
    [module, scope].concat()
}

struct Modules<'a> {
    /// The file of each module; inline modules are not among them.
    files: HashMap<Path, &'a str>,
    /// The module of each file.
    in_files: BTreeMap<&'a str, Path>,
    /// The modules that a module declares, inline ones included.
    children: BTreeSet<Path>,
    /// What a name imported into a module stands for, and whether other modules see it there.
    imported: HashMap<Path, (Path, bool)>,
}

impl<'a> Modules<'a> {
    fn new(sources: &BTreeMap<&'a str, Source>) -> Self {
        let mut modules = Self {
            files: HashMap::new(),
            in_files: BTreeMap::new(),
            children: BTreeSet::new(),
            imported: HashMap::new(),
        };
        let tests = test_files(sources);
        for (&file, source) in sources {
            let Some(module) = module(file).filter(|_| !tests.contains(file)) else { continue };
            // The program of a crate that is also a library is a crate of its own.
            let is_library = file.ends_with("/src/main.rs")
                && sources.contains_key(file.replace("/main.rs", "/lib.rs").as_str());
            if is_library {
                continue;
            }
            for child in &source.modules {
                let scope = inside(&module, &child.scope);
                modules.children.insert(inside(&scope, std::slice::from_ref(&child.name)));
            }
            modules.files.insert(module.clone(), file);
            modules.in_files.insert(file, module);
        }
        let mut imported = HashMap::new();
        for (file, module) in &modules.in_files {
            for found in &sources[file].uses {
                let scope = inside(module, &found.scope);
                let Some(import) = &found.import else { continue };
                let Some(target) = modules.absolute(&scope, &found.path) else { continue };
                let name = inside(&scope, std::slice::from_ref(&import.name));
                if name != target {
                    imported.insert(name, (target, import.is_public));
                }
            }
        }
        modules.imported = imported;
        modules
    }

    /// Returns whether a module declares a child of this name.
    fn declares(&self, module: &[String], child: &String) -> bool {
        self.children.contains(&inside(module, std::slice::from_ref(child)))
    }

    /// Turns a path as written in a module into one that begins with its crate. `None` for other crates' items.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some([module.get(..1)?, rest].concat()),
            "self" if rest.first().is_some_and(|next| next == "super") => self.absolute(module, rest),
            "self" => Some(inside(module, rest)),
            "super" => {
                let (_, parent) = module.split_last()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(parent, rest),
                    _ => Some(inside(parent, rest)),
                }
            }
            _ => {
                let here = inside(module, std::slice::from_ref(first));
                if let Some((target, _)) = self.imported.get(&here) {
                    return Some(inside(target, rest));
                }
                if self.declares(module, first) {
                    return Some(inside(module, path));
                }
                self.files.contains_key(std::slice::from_ref(first)).then(|| path.to_vec())
            }
        }
    }

    /// Returns the file that defines what a path leads to, and the name of that item.
    fn defining_file(&self, path: &[String], depth: usize) -> Option<(&'a str, String)> {
        let known = (1..=path.len())
            .rev()
            .find(|&length| path.get(..length).is_some_and(|module| self.files.contains_key(module)))?;
        let (module, rest) = path.split_at(known);
        // Longest first: a re-export may stand in an inline module.
        let re_export = (1..=rest.len()).rev().find_map(|length| {
            let name = inside(module, rest.get(..length)?);
            let (target, is_public) = self.imported.get(&name)?;
            is_public.then(|| inside(target, rest.get(length..).unwrap_or_default()))
        });
        if let Some(target) = re_export
            && depth > 0
        {
            return self.defining_file(&target, depth - 1);
        }
        let name = rest.first().map_or_else(|| path.last().cloned(), |name| Some(name.clone()));
        Some((self.files.get(module)?, name?))
    }
}

/// Returns the module that a file is, from its place.
fn module(file: &str) -> Option<Path> {
    let (name, below) = place(file)?;
    let mut module = vec![name.replace('-', "_")];
    let below = below.strip_suffix(".rs")?;
    module.extend(below.split('/').map(str::to_owned));
    if matches!(module.last()?.as_str(), "mod" | "lib" | "main") {
        module.pop();
    }
    Some(module)
}

/// Lists the files that only tests use: those in a folder of tests, benchmarks or fuzz targets, and modules declared
/// under `#[cfg(test)]` with all that is below them.
pub(super) fn test_files<'a>(sources: &BTreeMap<&'a str, Source>) -> BTreeSet<&'a str> {
    let in_folder =
        |path: &&&str| path.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz" | "tests.rs"));
    let mut found: BTreeSet<&str> = sources.keys().filter(in_folder).copied().collect();
    for (path, source) in sources {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let below = match name {
            "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
            name => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        for module in source.modules.iter().filter(|module| module.is_test) {
            let (file, inside) = (format!("{below}/{}.rs", module.name), format!("{below}/{}/", module.name));
            found.extend(sources.keys().filter(|path| **path == file || path.starts_with(&inside)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(files: &[(&str, &str)]) -> Vec<String> {
        let sources = files.iter().map(|(path, text)| (*path, Source::parse(text).unwrap())).collect();
        let place =
            |file: &str| place(file).map_or_else(String::new, |(name, below)| format!("{name}:{below}"));
        edges(&sources)
            .iter()
            .map(|edge| format!("{}:{} {} {}", place(&edge.from), edge.line, edge.name, place(&edge.to)))
            .collect()
    }

    #[test]
    fn a_path_counts_for_the_file_that_defines_its_end() {
        let found = uses(&[
            ("crates/a/src/lib.rs", "pub mod model;\npub use model::{Socket, row as line};\nmod view;\n"),
            ("crates/a/src/model/mod.rs", "mod socket;\npub mod row;\npub use self::socket::Socket;\n"),
            ("crates/a/src/model/socket.rs", "use super::row::Row;\npub struct Socket;\n"),
            ("crates/a/src/model/row.rs", "pub struct Row;\n"),
            (
                "crates/a/src/view.rs",
                "use crate::{model, Socket as S};\nfn f() { model::row::Row::new(); }\n",
            ),
            (
                "crates/b-c/src/main.rs",
                "mod x;\nuse a::line::Row;\nfn f() { a::model::Socket::new(x::y()) }\n",
            ),
            ("crates/b-c/src/x.rs", "use std::fs;\nfn y() { m!(\"{}\", fs::read(), b_c::no()); }\n"),
        ]);
        let expected = [
            "a:model/socket.rs:1 Row a:model/row.rs",
            "a:view.rs:1 Socket a:model/socket.rs",
            "a:view.rs:2 Row a:model/row.rs",
            "b-c:main.rs:2 Row a:model/row.rs",
            "b-c:main.rs:3 Socket a:model/socket.rs",
            "b-c:x.rs:2 no b-c:main.rs",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn inline_modules_and_private_imports_belong_to_their_file() {
        let found = uses(&[
            ("x/src/lib.rs", "mod a;\nmod b;\n"),
            (
                "x/src/a.rs",
                "use crate::b::B;\npub mod names { pub const N: u8 = 1; pub use super::super::b::C; }\n",
            ),
            ("x/src/b.rs", "use crate::a::{names::{C, N}, B};\n"),
        ]);
        // `C` comes back to the file itself, which is no edge; `B` is no re-export.
        assert_eq!(
            found,
            ["x:a.rs:1 B x:b.rs", "x:a.rs:2 C x:b.rs", "x:b.rs:1 B x:a.rs", "x:b.rs:1 names x:a.rs"]
        );
    }

    #[test]
    fn tests_use_nothing() {
        let found = uses(&[
            (
                "x/src/lib.rs",
                "mod a;\n#[cfg(test)]\nmod fake;\n#[cfg(test)]\nmod tests { use crate::a::A; }\n",
            ),
            ("x/src/a.rs", "#[cfg(test)]\nmod tests;\n"),
            ("x/src/a/tests.rs", "use super::B;\nuse crate::fake::C;\n"),
            ("x/src/fake/part.rs", "use crate::a::A;\n"),
            ("x/tests/t.rs", "use x::a::A;\n"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
