//! One Rust file as tokens: its imports, paths, modules and attributes, and which of them belong to tests.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What the rules need to know of a Rust file.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) uses: Vec<Use>,
    pub(super) modules: Vec<Module>,
    pub(super) attributes: Vec<Attribute>,
    /// The line of each `unsafe`, tests included.
    pub(super) unsafe_lines: Vec<usize>,
    /// The strings in code outside tests; not those in attributes.
    pub(super) strings: Vec<Text>,
    /// The function or macro whose arguments are being read.
    callee: String,
}

/// A string in code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) line: usize,
    /// As it is written, without its quotes, and as one line.
    pub(super) text: String,
    /// The function or macro that it is given to, as the last two segments of its path: `Text::fixed`, `both!`. A group that
    /// is not the arguments of another belongs to what is around it.
    pub(super) given_to: String,
    /// Which argument it is part of, from 0.
    pub(super) argument: usize,
}

/// A path in code outside tests: a leaf of a `use` declaration, or a path of two or more segments, in macro calls too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) line: usize,
    /// The inline modules around it, outermost first.
    pub(super) scope: Vec<String>,
    pub(super) path: Vec<String>,
    pub(super) import: Option<Import>,
}

/// What makes a leaf of a `use` declaration of a path: `use a::{b, c as d};` has two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The name that it has here.
    pub(super) name: String,
    pub(super) is_public: bool,
}

/// A module declared in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) line: usize,
    pub(super) scope: Vec<String>,
    pub(super) name: String,
    pub(super) is_inline: bool,
    pub(super) is_test: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) line: usize,
    pub(super) is_test: bool,
    /// What is between the brackets, without white space.
    pub(super) text: String,
}

impl Source {
    /// Reads a file. Fails where it is not made of Rust's tokens.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
        let mut source = Self::default();
        source.read(&tokens.into_iter().collect::<Vec<_>>(), &[], false);
        Ok(source)
    }

    /// Reads the tokens of a file, or of one pair of brackets in it.
    fn read(&mut self, tokens: &[TokenTree], scope: &[String], in_test: bool) {
        let mut at = 0;
        let mut commas = 0;
        while let Some(token) = tokens.get(at) {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = usize::from(is_punct(rest.first(), '!'));
                    let Some(TokenTree::Group(group)) = rest.get(inner) else {
                        at += 1;
                        continue;
                    };
                    let text = group.stream().to_string().replace(char::is_whitespace, "");
                    let begins_test = inner == 0 && is_for_tests(&text);
                    let is_test = in_test || begins_test;
                    if text.contains("unsafe(") {
                        self.unsafe_lines.push(line(token));
                    }
                    self.attributes.push(Attribute { line: line(token), is_test, text });
                    at += 2 + inner;
                    if begins_test {
                        let end = at + item_length(tokens.get(at..).unwrap_or_default());
                        self.read(tokens.get(at..end).unwrap_or_default(), scope, true);
                        at = end;
                    }
                }
                TokenTree::Ident(word) if word == "unsafe" => {
                    self.unsafe_lines.push(line(token));
                    at += 1;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    at += 1;
                    let [TokenTree::Ident(name), end, ..] = rest else { continue };
                    let (name, scope) = (name.to_string(), scope.to_vec());
                    let is_inline = matches!(end, TokenTree::Group(_));
                    if let TokenTree::Group(body) = end {
                        let inside = [scope.as_slice(), std::slice::from_ref(&name)].concat();
                        self.read(&body.stream().into_iter().collect::<Vec<_>>(), &inside, in_test);
                    }
                    self.modules.push(Module { line: line(token), scope, name, is_inline, is_test: in_test });
                    at += 2;
                }
                TokenTree::Ident(word) if word == "use" && !is_punct(rest.first(), '<') => {
                    let length = rest.iter().position(|token| is_punct(Some(token), ';'));
                    let tree = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
                    if !in_test {
                        let mut leaves = Vec::new();
                        read_use_tree(tree, &[], &mut leaves);
                        let is_public = is_visible_outside(tokens.get(..at).unwrap_or_default());
                        self.uses.extend(leaves.into_iter().map(|(line, path, name)| {
                            let import = Some(Import { name, is_public });
                            Use { line, scope: scope.to_vec(), path, import }
                        }));
                    }
                    at += 1 + tree.len();
                }
                TokenTree::Ident(_) => {
                    let path = path(tokens.get(at..).unwrap_or_default());
                    // Each segment but the first has two colons before it.
                    at += 3 * path.len() - 2;
                    if path.len() > 1 && !in_test {
                        self.uses.push(Use { line: line(token), scope: scope.to_vec(), path, import: None });
                    }
                }
                TokenTree::Group(group) => {
                    // `pub(in crate::a)` says who may see something, not what is used.
                    if !(at > 0 && is_ident(tokens.get(at - 1), "pub")) {
                        let around = self.callee.clone();
                        if let Some(callee) = callee(tokens.get(..at).unwrap_or_default()) {
                            self.callee = callee;
                        }
                        self.read(&group.stream().into_iter().collect::<Vec<_>>(), scope, in_test);
                        self.callee = around;
                    }
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    let written = literal.to_string();
                    if let Some(text) = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
                        && !in_test
                    {
                        let text = text.split("\\\n").map(str::trim_start).collect::<Vec<_>>().concat();
                        let given_to = self.callee.clone();
                        self.strings.push(Text { line: line(token), text, given_to, argument: commas });
                    }
                    at += 1;
                }
                TokenTree::Punct(_) => {
                    commas += usize::from(is_punct(Some(token), ','));
                    at += 1;
                }
            }
        }
    }
}

/// Adds each leaf of what follows `use`: its line, its path, and the name it has here.
fn read_use_tree(tokens: &[TokenTree], prefix: &[String], leaves: &mut Vec<(usize, Vec<String>, String)>) {
    for tree in tokens.split(|token| is_punct(Some(token), ',')) {
        let mut path = prefix.to_vec();
        let mut name = None;
        let mut rest = tree.iter();
        while let Some(token) = rest.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => name = rest.next().map(ToString::to_string),
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(plain(word)),
                TokenTree::Group(group) => {
                    read_use_tree(&group.stream().into_iter().collect::<Vec<_>>(), &path, leaves);
                    path.clear();
                }
                _ => {}
            }
        }
        if let (Some(first), Some(last)) = (tree.first(), path.last()) {
            let name = name.unwrap_or_else(|| last.clone());
            leaves.push((line(first), path, name));
        }
    }
}

/// The segments of the path that begins with the first token.
fn path(tokens: &[TokenTree]) -> Vec<String> {
    let mut segments = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(segment), after @ ..] = rest {
        segments.push(plain(segment));
        rest = match after {
            [a, b, next @ ..] if is_punct(Some(a), ':') && is_punct(Some(b), ':') => next,
            _ => break,
        };
    }
    segments
}

/// Returns the function or macro that stands before its arguments.
fn callee(before: &[TokenTree]) -> Option<String> {
    let (before, mark) = match before {
        [before @ .., TokenTree::Punct(mark)] if mark.as_char() == '!' => (before, "!"),
        before => (before, ""),
    };
    let [rest @ .., TokenTree::Ident(name)] = before else { return None };
    let of = match rest {
        [.., TokenTree::Ident(of), a, b] if is_punct(Some(a), ':') && is_punct(Some(b), ':') => {
            format!("{}::", plain(of))
        }
        _ => String::new(),
    };
    Some(format!("{of}{}{mark}", plain(name)))
}

fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map_or_else(|| name.clone(), str::to_owned)
}

/// Counts the tokens up to the end of an item: its semicolon, or its body in braces.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |at| at + 1)
}

/// Whether what stands before an item makes it visible outside its module: `pub`, or `pub(..)`.
fn is_visible_outside(before: &[TokenTree]) -> bool {
    match before {
        [.., before, TokenTree::Group(_)] => is_ident(Some(before), "pub"),
        before => is_ident(before.last(), "pub"),
    }
}

fn is_for_tests(attribute: &str) -> bool {
    attribute == "cfg(test)" || attribute.starts_with("cfg(all(test,") || attribute == "test"
}

fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}

fn is_ident(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(segments: &[String]) -> String {
        segments.join("::")
    }

    #[test]
    fn use_declarations_are_read_leaf_by_leaf() {
        let text = "use a::{b, c::{self, d as e}, f::*};\npub(crate) use g::h as i;\nfn f<'a>() -> impl A + use<'a> {}\n";
        let source = Source::parse(text).unwrap();
        let found: Vec<(String, &str, bool)> = source
            .uses
            .iter()
            .filter_map(|found| Some((joined(&found.path), found.import.as_ref()?)))
            .map(|(path, import)| (path, import.name.as_str(), import.is_public))
            .collect();
        let expected = [
            ("a::b", "b", false),
            ("a::c", "c", false),
            ("a::c::d", "e", false),
            ("a::f", "f", false),
            ("g::h", "i", true),
        ];
        assert_eq!(found, expected.map(|(path, name, public)| (path.to_owned(), name, public)));
    }

    #[test]
    fn paths_are_found_in_code_and_macros_but_not_in_text_or_tests() {
        let text = "//! a::b\npub(in crate::x) fn f() { m!(\"a::b\", c::d::<e::f>()); }\n\
                    mod inner { fn g() -> super::h::I {} }\n\
                    #[cfg(test)]\nmod tests { fn t() { t::u() } }\n#[test]\nfn v() { w::x() }\nfn z() { r#y::z() }\n";
        let source = Source::parse(text).unwrap();
        let found: Vec<(usize, String, String)> =
            source.uses.iter().map(|found| (found.line, joined(&found.scope), joined(&found.path))).collect();
        let expected = [(2, "", "c::d"), (2, "", "e::f"), (3, "inner", "super::h::I"), (8, "", "y::z")];
        assert_eq!(found, expected.map(|(line, scope, path)| (line, scope.to_owned(), path.to_owned())));
    }

    #[test]
    fn modules_and_attributes_know_whether_they_are_for_tests() {
        let text = "#![deny(x)]\nmod a;\n#[cfg(test)]\nmod b;\nmod c { mod d; }\n#[cfg(test)]\nmod e {\n#[ignore = \"x\"]\n\
                    fn f() { unsafe {} }\n}\n#[cfg(not(test))]\nmod g;\n";
        let source = Source::parse(text).unwrap();
        let modules: Vec<(&str, bool, bool)> =
            source.modules.iter().map(|m| (m.name.as_str(), m.is_inline, m.is_test)).collect();
        let expected = [
            ("a", false, false),
            ("b", false, true),
            ("d", false, false),
            ("c", true, false),
            ("e", true, true),
            ("g", false, false),
        ];
        assert_eq!(modules, expected);
        let attributes: Vec<(usize, bool, &str)> =
            source.attributes.iter().map(|a| (a.line, a.is_test, a.text.as_str())).collect();
        let expected = [
            (1, false, "deny(x)"),
            (3, true, "cfg(test)"),
            (6, true, "cfg(test)"),
            (8, true, "ignore=\"x\""),
            (11, false, "cfg(not(test))"),
        ];
        assert_eq!(attributes, expected);
        assert_eq!(source.unsafe_lines, [9]);
    }

    #[test]
    fn strings_know_what_they_are_given_to() {
        let text = "const A: &str = \"a\";\n#[expect(x, reason = \"b\")]\nfn f() {\n    both!(\"c\", \"d \\\n      e\");\n    \
                    Text::fixed(1, (\"f\"));\n}\n#[test]\nfn t() { g(\"h\") }\n";
        let source = Source::parse(text).unwrap();
        let found: Vec<(usize, &str, &str, usize)> = source
            .strings
            .iter()
            .map(|s| (s.line, s.text.as_str(), s.given_to.as_str(), s.argument))
            .collect();
        let expected =
            [(1, "a", "", 0), (4, "c", "both!", 0), (4, "d e", "both!", 1), (6, "f", "Text::fixed", 0)];
        assert_eq!(found, expected);
    }

    #[test]
    fn unbalanced_brackets_are_an_error() {
        assert!(Source::parse("fn f() {").is_err());
    }
}
