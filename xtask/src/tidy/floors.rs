//! The floors of the workspace: which crates and top-level modules may use which, and that nothing goes in circles.
//!
//! `floors.txt` has a line for each crate root and each top-level module of a crate with all that it may use: other
//! top-level modules of its crate, and other crates. An entry that no code needs is an error as well, so the table is
//! the map of the workspace as it is.

use super::complaint::Complaint;
use super::modules::{Edge, floor, place};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// The file of the table.
pub(super) const TABLE: &str = "xtask/src/tidy/floors.txt";

/// Checks the uses of files against the table, and files and top-level modules for circles.
pub(super) fn complaints(edges: &[Edge], table: &str) -> Vec<Complaint> {
    let mut complaints = crossed(edges, table);
    let cure = "move what both sides need into a file of its own";
    complaints.extend(circles(edges, "files", str::to_owned, cure));
    let cure = "move what is used, so that uses go in one direction";
    complaints.extend(circles(edges, "top-level modules", floor, cure));
    complaints
}

fn crate_of(floor: &str) -> &str {
    floor.split('/').next().unwrap_or(floor)
}

/// Reports uses that the table does not have, and entries of the table without a use.
fn crossed(edges: &[Edge], table: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let files = edges.iter().flat_map(|edge| [&edge.from, &edge.to]);
    let crates: BTreeSet<&str> = files.filter_map(|file| Some(place(file)?.0)).collect();
    let mut entries = BTreeMap::new();
    for (number, line) in
        table.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let Some((from, all)) = line.split_once(':') else {
            complaints.push(Complaint::new(TABLE, number + 1, "has no colon; write FROM: TO TO"));
            continue;
        };
        for to in all.split_whitespace() {
            let is_crate = crates.contains(to) && to != crate_of(from);
            let to = if is_crate { to.to_owned() } else { format!("{}/{to}", crate_of(from)) };
            entries.insert((from.to_owned(), to), number + 1);
        }
    }
    let mut needed = BTreeMap::new();
    for edge in edges {
        let (from, target) = (floor(&edge.from), floor(&edge.to));
        let is_inside = crate_of(&from) == crate_of(&target);
        // A root may use all of its crate. That nothing may use the root shows as a circle of files.
        if from != target && !(is_inside && (!from.contains('/') || !target.contains('/'))) {
            let to = if is_inside { target } else { crate_of(&target).to_owned() };
            needed.entry((from, to)).or_insert(edge);
        }
    }
    for (key, edge) in needed.iter().filter(|(key, _)| !entries.contains_key(*key)) {
        let what = format!(
            "{} uses {} ({}), which {TABLE} does not allow; move the item to a floor that both may use, or add the edge \
             if it points downwards",
            key.0, key.1, edge.name
        );
        complaints.push(Complaint::new(&edge.from, edge.line, what));
    }
    for (key, line) in entries.iter().filter(|(key, _)| !needed.contains_key(*key)) {
        let what = format!("{} does not use {} any more; remove it from the line", key.0, key.1);
        complaints.push(Complaint::new(TABLE, *line, what));
    }
    complaints
}

/// A use of one file or floor by another, and where it is written.
struct Step<'a> {
    from: String,
    to: String,
    edge: &'a Edge,
}

/// Reports circles among what `name` makes of files: the shortest through each, unless a shorter one covers it.
fn circles(edges: &[Edge], what: &str, name: fn(&str) -> String, cure: &str) -> Vec<Complaint> {
    let mut from: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for edge in edges {
        let step = Step { from: name(&edge.from), to: name(&edge.to), edge };
        // A root is no floor of its own: a circle through it shows among the files.
        if step.from != step.to && step.from.contains('/') && step.to.contains('/') {
            from.entry(step.from.clone()).or_default().push(step);
        }
    }
    let mut found: Vec<Vec<&Step>> = from.keys().filter_map(|start| circle(&from, start)).collect();
    found.sort_by_key(Vec::len);
    let mut reported = BTreeSet::new();
    let mut complaints = Vec::new();
    for circle in found {
        if circle.first().is_none_or(|step| reported.contains(&step.from)) {
            continue;
        }
        reported.extend(circle.iter().map(|step| &step.from));
        let uses: Vec<String> = circle
            .iter()
            .map(|Step { to, edge, .. }| format!("{}:{} uses {} of {to}", edge.from, edge.line, edge.name))
            .collect();
        let what = format!("circle of {} {what}: {}; {cure}", circle.len(), uses.join(", "));
        complaints.extend(circle.first().map(|step| Complaint::new(&step.edge.from, step.edge.line, what)));
    }
    complaints
}

/// Finds the shortest way from `start` back to it.
fn circle<'s, 'a>(from: &'s BTreeMap<String, Vec<Step<'a>>>, start: &'s String) -> Option<Vec<&'s Step<'a>>> {
    let mut came_by: HashMap<&str, &Step> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for step in from.get(node).into_iter().flatten() {
            if !came_by.contains_key(step.to.as_str()) {
                came_by.insert(&step.to, step);
                queue.push_back(&step.to);
            }
        }
    }
    let mut way = vec![*came_by.get(start.as_str())?];
    while let Some(step) = way.last().filter(|step| step.from != *start) {
        way.push(came_by.get(step.from.as_str())?);
    }
    way.reverse();
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::super::modules::edges;
    use super::super::rust::Source;
    use super::*;

    fn said(files: &[(&str, &str)], table: &str) -> Vec<String> {
        let sources = files.iter().map(|(path, text)| (*path, Source::parse(text).unwrap())).collect();
        complaints(&edges(&sources), table).iter().map(ToString::to_string).collect()
    }

    const LIBRARY: (&str, &str) = ("crates/a/src/lib.rs", "pub mod high;\npub mod low;\n");
    const LOW: (&str, &str) = ("crates/a/src/low.rs", "pub struct L;\n");

    #[test]
    fn edges_in_the_table_are_fine() {
        let files = [
            LIBRARY,
            LOW,
            ("crates/a/src/high.rs", "use crate::low::L;\n"),
            ("crates/b/src/main.rs", "mod x;\nfn main() { x::run() }\n"),
            ("crates/b/src/x.rs", "use a::low::L;\n"),
        ];
        assert_eq!(said(&files, "# comment\na/high: low\n\nb/x: a\n"), Vec::<String>::new());
    }

    #[test]
    fn an_edge_that_is_not_allowed_is_named_with_its_place() {
        let files = [LIBRARY, LOW, ("crates/a/src/high.rs", "fn f() {\n    crate::low::L;\n}\n")];
        let said = said(&files, "");
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(said[0].starts_with("crates/a/src/high.rs:2: a/high uses a/low (L), which "), "{said:#?}");
    }

    #[test]
    fn an_entry_that_nothing_needs_is_named_with_its_line() {
        let said = said(&[LIBRARY, LOW, ("crates/a/src/high.rs", "")], "a/high: low\nno colon\n");
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].starts_with("xtask/src/tidy/floors.txt:2: has no colon;"), "{said:#?}");
        let expected =
            "xtask/src/tidy/floors.txt:1: a/high does not use a/low any more; remove it from the line";
        assert_eq!(said[1], expected);
    }

    #[test]
    fn a_circle_behind_a_re_export_is_found() {
        let files = [
            ("a/src/lib.rs", "mod m;\n"),
            ("a/src/m/mod.rs", "mod x;\nmod y;\npub use x::X;\n"),
            ("a/src/m/x.rs", "use super::y::Y;\npub struct X;\n"),
            ("a/src/m/y.rs", "pub struct Y(super::X);\n"),
        ];
        let said = said(&files, "");
        assert_eq!(said.len(), 1, "{said:#?}");
        let expected = "a/src/m/x.rs:1: circle of 2 files: a/src/m/x.rs:1 uses Y of a/src/m/y.rs, a/src/m/y.rs:1 uses \
                        X of a/src/m/x.rs; ";
        assert!(said[0].starts_with(expected), "{said:#?}");
    }

    #[test]
    fn a_child_and_its_parent_can_be_a_circle() {
        let parent = "mod child;\npub struct P;\nuse child::c;\nfn f() { c() }\n";
        let child = "use super::P;\npub fn c() {}\n";
        let found =
            said(&[("a/src/main.rs", "mod m;\n"), ("a/src/m.rs", parent), ("a/src/m/child.rs", child)], "");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("a/src/m.rs:3: circle of 2 files: "), "{found:#?}");
        // A parent that only shows what the child has, or calls it by its bare name, does not count.
        let parent = "mod child;\npub struct P;\npub use child::c;\nfn f() { child::c() }\n";
        let found =
            said(&[("a/src/main.rs", "mod m;\n"), ("a/src/m.rs", parent), ("a/src/m/child.rs", child)], "");
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn top_level_modules_that_use_each_other_are_a_circle() {
        let files = [
            ("a/src/main.rs", "mod m;\nmod n;\n"),
            ("a/src/m/mod.rs", "mod p;\npub mod q;\n"),
            ("a/src/m/p.rs", "use crate::n::N;\n"),
            ("a/src/m/q.rs", "pub struct Q;\n"),
            ("a/src/n/mod.rs", "mod r;\npub struct N;\n"),
            ("a/src/n/r.rs", "use crate::m::q::Q;\n"),
        ];
        let said = said(&files, "a/m: n\na/n: m\n");
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(
            said[0]
                .starts_with("a/src/m/p.rs:1: circle of 2 top-level modules: a/src/m/p.rs:1 uses N of a/n, "),
            "{said:#?}"
        );
    }
}
