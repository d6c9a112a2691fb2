//! The page in a browser.

use crate::browser::Browser;
use crate::page;
use crate::support::Folder;
use serde_json::{Value, json};

const ARROW_RIGHT: &str = "\u{e014}";
const END: &str = "\u{e010}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// Everything about one page, because a browser takes seconds to start.
#[test]
fn a_page_works_in_a_browser() {
    let folder = Folder::new("report-browser");
    let Some(browser) = Browser::start("works") else { return };
    browser.open(&page(&folder, &[]));
    assert_eq!(browser.console(), Vec::<Value>::new(), "nothing to complain of, policy included");
    plots(&browser);
    tables(&browser);
    colours(&browser);
    accessibility(&browser);
    // The policy holds: what was not there when the page was made does not run.
    browser.run(
        "const script = document.createElement('script'); script.textContent = 'window.came = 1';
         document.body.append(script);",
    );
    assert_eq!(browser.run("return window.came === undefined"), true);
    assert!(
        browser.console().iter().any(|entry| entry["message"].as_str().unwrap().contains("Content Security"))
    );
}

#[test]
fn a_page_can_be_read_without_scripts() {
    let folder = Folder::new("report-plain");
    let Some(browser) = Browser::start("plain") else { return };
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    browser.open(&page(&folder, &[]));
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let of = |role: &str| {
        let nodes = tree["nodes"].as_array().unwrap().iter();
        nodes.filter(|node| node["ignored"] == false && node["role"]["value"] == role).count()
    };
    assert_eq!((of("searchbox"), of("button")), (0, 0), "nothing that would do nothing");
    assert_eq!(of("image"), 9);
    // Of processes, remotes, countries, failures, storms, the longest and the largest.
    assert_eq!((of("table"), of("radio")), (7, 3));
    assert!(of("row") > 300, "{}", of("row"));
    assert_eq!(browser.console(), Vec::<Value>::new());
}

fn plots(browser: &Browser) {
    let ids = browser.run("return [...document.querySelectorAll('figure')].map((figure) => figure.id)");
    assert_eq!(
        ids,
        json!([
            "connections-by-process",
            "connections-by-remote",
            "bytes-by-process",
            "bytes-by-remote",
            "failures",
            "states",
            "round-trips",
            "retransmissions",
            "ports"
        ])
    );
    // Each has something drawn, the gap, and no text over another or outside.
    let odd = browser.run(
        "const odd = [];
         for (const figure of document.querySelectorAll('figure')) {
           const svg = figure.querySelector('svg.plot');
           const bounds = svg.getBoundingClientRect();
           const drawn = [...svg.querySelectorAll('.bars path, .lines path')].filter((path) => path.getTotalLength() > 50);
           if (!drawn.length) odd.push(figure.id + ' is empty');
           if (svg.querySelectorAll('.blank').length !== 1) odd.push(figure.id + ' has no gap');
           const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
           texts.forEach(([text, box], at) => {
             if (box.left < bounds.left || box.right > bounds.right + 1 || box.bottom > bounds.bottom) odd.push(text + ' is cut');
             for (const [other, its] of texts.slice(at + 1)) {
               const apart = box.right <= its.left || its.right <= box.left || box.bottom <= its.top || its.bottom <= box.top;
               if (!apart) odd.push(figure.id + ': ' + text + ' over ' + other);
             }
           });
         }
         return odd;",
    );
    assert_eq!(odd, json!([]));
    // By keys and by the pointer.
    browser.run("document.querySelector('#failures .drawing').focus()");
    browser.press(&[ARROW_RIGHT, END]);
    let shown = "return document.querySelector('#failures .values-box').innerText";
    let text = browser.run(shown);
    assert!(text.as_str().unwrap().starts_with("2026-09-22 23:45 – 2026-09-23 00:00"), "{text}");
    browser.press(&[ESCAPE]);
    assert_eq!(browser.run("return document.querySelector('#failures .values-box').hidden"), true);
    let text = browser.run(
        "const svg = document.querySelector('#failures svg.plot');
         const bounds = svg.getBoundingClientRect();
         const share = (66 + (728 - 66) * (13 * 4 + 0.5) / 96) / 760;
         svg.dispatchEvent(new PointerEvent('pointermove', { clientX: bounds.left + share * bounds.width, bubbles: true }));
         return document.querySelector('#failures .values-box').innerText;",
    );
    let text = text.as_str().unwrap();
    assert!(text.contains("13:00 – 13:15") && text.contains("refused"), "{text}");
    // What was not recorded is not 0.
    let gap = browser.run(
        "const rows = [...document.querySelectorAll('#failures details.values tbody tr')];
         return rows[22].cells[1].textContent;",
    );
    assert_eq!(gap, "–");
}

fn tables(browser: &Browser) {
    let column = |id: &str, column: usize| {
        browser.run(&format!(
            "return [...document.querySelectorAll('#{id} tbody tr')].filter((row) => !row.hidden)
                 .map((row) => row.cells[{column}].textContent);"
        ))
    };
    assert_eq!(column("processes", 0)[0], "backup");
    let sort = |number: usize| {
        browser.run(&format!("document.querySelectorAll('#processes thead th button')[{}].focus()", number));
        browser.press(&[ENTER]);
    };
    // By connections, the most first, and then the fewest.
    sort(1);
    assert_eq!(column("processes", 0)[0], "app-server");
    sort(1);
    assert_eq!(column("processes", 0)[0], "backup");
    assert_eq!(
        browser.run("return document.querySelectorAll('#processes thead th')[1].getAttribute('aria-sort')"),
        "ascending"
    );
    // Bytes are sorted as numbers, not as what they look like.
    sort(3);
    let bytes = column("processes", 3);
    assert!(bytes[0].as_str().unwrap().ends_with("MiB"), "{bytes}");
    let all = column("remotes", 0).as_array().unwrap().len();
    assert_eq!(all, 200);
    browser.run("document.querySelector('#remotes .tools input').focus()");
    browser.press(&["(", "j", "p", ")"]);
    let japanese = column("remotes", 0);
    let shown = japanese.as_array().unwrap();
    assert!(
        !shown.is_empty() && shown.iter().all(|one| one.as_str().unwrap().contains("(JP)")),
        "{japanese}"
    );
    let said = browser.run("return document.querySelector('#remotes .shown').textContent");
    assert_eq!(said, format!("{} of 200 rows", shown.len()));
}

fn colours(browser: &Browser) {
    let background = || browser.run("return getComputedStyle(document.body).backgroundColor");
    let choose =
        |colours: &str| browser.run(&format!("document.querySelector('#colours-{colours}').click()"));
    choose("dark");
    assert_eq!(background(), "rgb(20, 23, 26)");
    choose("light");
    assert_eq!(background(), "rgb(255, 255, 255)");
    choose("auto");
    for (preferred, expected) in [("dark", "rgb(20, 23, 26)"), ("light", "rgb(255, 255, 255)")] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": preferred }] });
        browser.devtools("Emulation.setEmulatedMedia", &features);
        assert_eq!(background(), expected, "{preferred}");
    }
}

fn accessibility(browser: &Browser) {
    browser.devtools("Accessibility.enable", &json!({}));
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let nodes: Vec<&Value> =
        tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] == false).collect();
    let of = |role: &str| nodes.iter().filter(|node| node["role"]["value"] == role).collect::<Vec<_>>();
    let name = |node: &Value| node["name"]["value"].as_str().unwrap_or_default().to_owned();
    let plots: Vec<String> = of("image").into_iter().map(|node| name(node)).collect();
    assert_eq!(plots.len(), 9, "{plots:?}");
    assert!(
        plots.iter().any(|plot| plot.starts_with("Failures by reason Most: 3")),
        "what it shows: {plots:?}"
    );
    for role in ["button", "table", "searchbox", "link", "radio", "region", "figure", "heading"] {
        let all = of(role);
        assert!(!all.is_empty(), "{role}");
        assert!(all.iter().all(|node| role == "figure" || !name(node).is_empty()), "{role} without a name");
    }
    assert_eq!((of("main").len(), of("navigation").len(), of("banner").len()), (1, 1, 1));
    let levels = browser
        .run("return [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))");
    let levels: Vec<u64> = levels.as_array().unwrap().iter().map(|level| level.as_u64().unwrap()).collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "no level is left out: {levels:?}");
}
