use super::*;

#[test]
fn comments_and_strings_are_no_code() {
    let text = r####"let a = "un\"safe"; // unsafe
/* unsafe /* unsafe */ unsafe */ let b = r#"unsafe " "#; let c = b"unsafe"; let d = br##"x"##;
let e = '"'; let f = '\''; let g: &'static str = "unsafe"; let h = '\u{1F600}'; let i = '한'; real"####;
    let source = Source::new(text);
    assert_eq!(source.places("unsafe"), Vec::<usize>::new(), "{}", source.code);
    assert_eq!(source.code.lines().count(), 3);
    assert_eq!(source.code.len(), text.len());
    for kept in ["let a =", "let b =", "let d =", "&'static str", "let i =", "real"] {
        assert!(source.code.contains(kept), "{kept} is gone from {}", source.code);
    }
}

#[test]
fn an_unclosed_string_or_comment_ends_with_the_file() {
    for text in ["a \"b", "a r#\"b\"", "a /* b", "a '\\", "a '", "'", "/", "r", "b'"] {
        assert!(!Source::new(text).code.contains(" b"), "{text}");
    }
}

#[test]
fn a_word_is_not_a_part_of_another() {
    let source = Source::new("unsafe_code eprintln!(); my::println!(); println! ();");
    assert_eq!(source.places("unsafe").len(), 0);
    assert_eq!(source.places("println!").len(), 2);
}

#[test]
fn the_lines_of_tests_are_known() {
    let source = Source::new(
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n#[cfg(test)]\nuse x;\nfn d() {}\n\
         #[test]\nfn e(a: [u8; 3]) -> X\n{\n}\nfn f() {}\n#[cfg(not(test))]\nfn g() {}\n",
    );
    let test: Vec<usize> = (1..=16).filter(|&line| source.is_test(line)).collect();
    assert_eq!(test, [2, 3, 4, 5, 7, 8, 10, 11, 12, 13]);
}

#[test]
fn attributes_are_found_in_any_layout() {
    let source = Source::new(
        "#![allow(a)]\n#[expect(\n    b,\n    reason = \"c]\"\n)]\n# [ignore ]\nlet x = r#type;\n",
    );
    let found: Vec<(usize, bool, String)> =
        source.attributes().into_iter().map(|found| (found.line, found.inner, found.text)).collect();
    assert_eq!(
        found,
        [(1, true, "allow(a)".into()), (2, false, "expect(b,reason=)".into()), (6, false, "ignore".into())]
    );
}

#[test]
fn imports_are_told_in_full() {
    let source =
        Source::new("use a::{b, c::{self, d as e}, f::*};\npub(crate) use g::h as i;\nfn used() {}\n");
    let found: Vec<String> = source.imports().into_iter().map(|(_, path)| path).collect();
    assert_eq!(found, ["a::b", "a::c::self", "a::c::d", "a::f::*", "g::h"]);
}

#[test]
fn files_of_tests_are_known_by_place_and_by_declaration() {
    let sources = BTreeMap::from(
        [
            ("a/src/lib.rs", "#[cfg(test)]\nmod fake;\nmod real;\n"),
            ("a/src/fake.rs", ""),
            ("a/src/fake/part.rs", ""),
            ("a/src/real.rs", "#[cfg(test)]\npub(crate) mod double;\n"),
            ("a/src/real/double.rs", ""),
            ("a/src/real/tests.rs", ""),
            ("a/tests/x.rs", ""),
            ("fuzz/fuzz_targets/y.rs", ""),
        ]
        .map(|(path, text)| (path, Source::new(text))),
    );
    let found: Vec<String> = test_files(&sources).into_iter().collect();
    assert_eq!(
        found,
        [
            "a/src/fake.rs",
            "a/src/fake/part.rs",
            "a/src/real/double.rs",
            "a/src/real/tests.rs",
            "a/tests/x.rs",
            "fuzz/fuzz_targets/y.rs"
        ]
    );
}
