//! Published output of Windows is parsed into the model and rendered again: the bytes must be the same.

use crate::parse::{Parsed, parse};
use netstat_cli::render::LineEnd;
use netstat_cli::render::routes::{RouteWords, render_routes};
use netstat_engine::view::routes::RoutesView;
use netstat_model::query::{RouteQuery, Tables};
use std::collections::BTreeSet;
use std::path::PathBuf;

const ENGLISH: RouteWords<'static> = RouteWords::ENGLISH;
const KOREAN: RouteWords<'static> = RouteWords::KOREAN;

/// This sample has a stray `I` before its first title.
const SPANISH: RouteWords<'static> = RouteWords {
    interface_list: "ILista de interfaces",
    v4_title: "IPv4 Tabla de enrutamiento",
    v6_title: "IPv6 Tabla de enrutamiento",
    active: "Rutas activas:",
    persistent: "Rutas persistentes:",
    v4_heading: "Destino de red        Máscara de red   Puerta de enlace   Interfaz  Métrica",
    v6_heading: " Cuando destino de red métrica      Puerta de enlace",
    persistent_heading: "",
    on_link: "En vínculo",
    none: "Ninguno",
};

/// A report, or part of one, in a sample file.
struct Sample {
    file: &'static str,
    words: RouteWords<'static>,
    /// Its first and last line.
    lines: (usize, usize),
    /// Lines that are not part of the report; the rendered report continues across them.
    left_out: &'static [usize],
    /// A row to stand for those before the first line, which the sample lost.
    lost: &'static [&'static str],
    /// Whether the report begins with the first line and ends with the last.
    whole: (bool, bool),
}

/// For a table of which the sample has only the closing rule.
const LOST: &[&str] = &["0.0.0.0 0.0.0.0 10.0.0.1 10.0.0.2 1"];

const fn sample(file: &'static str, lines: (usize, usize), whole: (bool, bool)) -> Sample {
    Sample { file, words: ENGLISH, lines, left_out: &[], lost: &[], whole }
}

const SAMPLES: [Sample; 12] = [
    sample("win10_route__jc.txt", (1, 111), (true, true)),
    sample("win11-25H2_route-print_build26200.8246.txt", (1, 28), (true, false)),
    // Rows of another report come first.
    sample("win11_-an_and_route_2.txt", (23, 42), (false, true)),
    // Server 2008 pads the interface list differently.
    sample("srv2008_-r.txt", (9, 43), (false, true)),
    Sample { lost: LOST, ..sample("win10_route-print_persistent_ipv6-gw.txt", (1, 27), (false, true)) },
    Sample { lost: LOST, ..sample("win10_route-print_no-ipv6-routes.txt", (1, 10), (false, true)) },
    sample("win10_route-print_ipv6_24char-dest.txt", (1, 15), (false, false)),
    sample("win_route-print_ipv6_26char-dest.txt", (1, 17), (false, false)),
    sample("win10_interface-list_isatap.txt", (1, 8), (true, false)),
    Sample { words: SPANISH, ..sample("es_win10_route-print_and_filter.txt", (2, 30), (true, true)) },
    Sample { words: SPANISH, ..sample("es_win10_route-print_and_filter.txt", (34, 46), (false, true)) },
    Sample {
        words: KOREAN,
        // An empty line where rows were cut out.
        left_out: &[14],
        ..sample("ko_route-print_2025_a.txt", (2, 17), (true, false))
    },
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/routes")
}

fn render(parsed: &Parsed, words: &RouteWords<'_>, line_end: LineEnd) -> String {
    let query = RouteQuery { tables: Tables::All, ..RouteQuery::default() };
    let view = RoutesView::new(&parsed.interfaces, &parsed.routes, &parsed.persistent, &query);
    let mut out = Vec::new();
    render_routes(&view, words, line_end, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn samples_come_back_byte_for_byte() {
    for sample in &SAMPLES {
        let text = std::fs::read_to_string(folder().join(sample.file)).unwrap();
        let line_end = if text.contains("\r\n") { LineEnd::CrLf } else { LineEnd::Lf };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (first, last) = sample.lines;
        let lines: Vec<(usize, &str)> = (first..=last).map(|number| (number, lines[number - 1])).collect();
        let report: Vec<&str> = lines.iter().map(|(_, line)| line.trim_end_matches(['\r', '\n'])).collect();
        let report = [sample.lost, &report].concat();
        let rendered = render(&parse(&report, &sample.words), &sample.words, line_end);

        let fragments: Vec<String> = lines
            .split(|(number, _)| sample.left_out.contains(number))
            .map(|run| run.iter().map(|(_, line)| *line).collect())
            .collect();
        let mut at = 0;
        for fragment in &fragments {
            let found = rendered[at..].find(fragment.as_str());
            let found =
                found.unwrap_or_else(|| panic!("{}\n{fragment}\n--- not in\n{rendered}", sample.file));
            at += found + fragment.len();
        }
        assert!(!sample.whole.0 || rendered.starts_with(&fragments[0]), "{}\n{rendered}", sample.file);
        assert!(!sample.whole.1 || at == rendered.len(), "{}\n{rendered}", sample.file);
    }
}

#[test]
fn every_sample_is_in_the_table() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    assert_eq!(there, SAMPLES.iter().map(|sample| sample.file.to_owned()).collect());
}

/// Guards the comparison against comparing empty tables.
#[test]
fn all_rows_are_read() {
    let text = std::fs::read_to_string(folder().join("win10_route__jc.txt")).unwrap();
    let parsed = parse(&text.lines().collect::<Vec<_>>(), &ENGLISH);
    assert_eq!((parsed.interfaces.len(), parsed.routes.len(), parsed.persistent.len()), (9, 47 + 26, 1));
}
