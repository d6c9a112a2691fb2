//! The page around its sections.

use crate::plot::{Frame, Plot};
use crate::report::Report;
use crate::sections::{Scene, findings, lists, overview, quality, traffic};
use crate::table::Table;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use netstat_engine::text::{Language, Text};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Returns the hash by which a policy names a style or a script.
pub(crate) fn hash(of: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(hmac_sha256::Hash::hash(of.as_bytes())))
}

/// Returns the policy that lets nothing in but the style and the script of this page.
fn policy() -> String {
    let directives = [
        ("default-src", "'none'".to_owned()),
        ("style-src", hash(STYLE)),
        ("script-src", hash(SCRIPT)),
        ("base-uri", "'none'".to_owned()),
        ("form-action", "'none'".to_owned()),
    ];
    directives.map(|(directive, sources)| format!("{directive} {sources}")).join("; ")
}

/// A part of the page: its name there, its heading, and what is in it.
struct Part {
    id: &'static str,
    heading: Text,
    content: Markup,
}

/// Makes the page.
pub fn page(report: &Report<'_>) -> String {
    let scene = Scene {
        report,
        frame: Frame::new(report.language, report.zone, report.interval, report.until, &report.breaks),
    };
    let language = report.language;
    let figures = |plots: Vec<Plot>| html! { div class="figures" { @for plot in &plots { (plot.figure(&scene.frame)) } } };
    let tables = |tables: Vec<Table>| html! { div class="tables" { @for table in &tables { (table.section(language)) } } };
    let parts = [
        Part {
            id: "traffic",
            heading: Text::fixed("Traffic", "트래픽"),
            content: html! { (figures(traffic::plots(&scene))) (tables(lists::talkers(&scene))) },
        },
        Part {
            id: "quality",
            heading: Text::fixed("Failures, states and latency", "실패, 상태, 지연"),
            content: html! { (figures(quality::plots(&scene))) (tables(lists::troubles(&scene))) },
        },
        Part {
            id: "new",
            heading: Text::fixed("New since the day before", "전날에는 없던 것"),
            content: tables(lists::news(&scene)),
        },
        Part {
            id: "connections",
            heading: Text::fixed("Single connections", "개별 연결"),
            content: tables(lists::lives(&scene)),
        },
    ];
    let say = |text: &Text| text.of(language).to_owned();
    let links: Vec<(&str, String)> =
        std::iter::once(("findings", say(&Text::fixed("Findings", "점검 결과"))))
            .chain(parts.iter().map(|part| (part.id, say(&part.heading))))
            .chain(
                (!report.breaks.is_empty())
                    .then(|| ("gaps", say(&Text::fixed("What is missing", "빠진 기록")))),
            )
            .collect();
    let code = match language {
        Language::English => "en",
        Language::Korean => "ko",
    };
    let shown = Text::fixed("{0} of {1} rows", "{1}행 중 {0}행");
    html! {
        (DOCTYPE)
        html lang=(code) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="generator" content=(report.program);
                title { (overview::title(&scene)) }
                style { (PreEscaped(STYLE)) }
            }
            body
                data-filter=(say(&Text::fixed("Filter rows", "행 필터")))
                data-shown=(say(&shown))
                data-sort=(say(&Text::fixed("Sort by", "정렬:")))
                data-keys=(say(&Text::fixed("Left and right arrows show the values.", "왼쪽·오른쪽 화살표로 값을 봅니다.")))
            {
                svg class="unseen" aria-hidden="true" {
                    defs {
                        pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                            path class="hatching" d="M0 0v6" {}
                        }
                    }
                }
                a class="skip" href="#main" { (say(&Text::fixed("To the content", "본문으로"))) }
                (colours(language))
                (overview::header(&scene))
                nav aria-label=(say(&Text::fixed("Sections", "목차"))) {
                    ul { @for (id, heading) in &links { li { a href={ "#" (id) } { (heading) } } } }
                }
                main id="main" {
                    (overview::tiles(&scene))
                    (findings::section(&scene))
                    @for part in &parts {
                        section id=(part.id) { h2 { (say(&part.heading)) } (part.content) }
                    }
                    (overview::gaps(&scene))
                }
                footer { p { (report.program) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// Returns the switch between light and dark, which needs no script.
fn colours(language: Language) -> Markup {
    let choices = [
        ("auto", Text::fixed("Auto", "자동")),
        ("light", Text::fixed("Light", "밝게")),
        ("dark", Text::fixed("Dark", "어둡게")),
    ];
    html! {
        fieldset class="colours" {
            legend class="unseen" { (Text::fixed("Colours", "색상").of(language)) }
            @for (id, word) in &choices {
                label { input type="radio" name="colours" id={ "colours-" (id) } checked[*id == "auto"]; span { (word.of(language)) } }
            }
        }
    }
}
