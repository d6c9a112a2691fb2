//! Tests of the words after `netstat metrics`.

use super::{arguments, complaint_about};
use crate::options::Verb;
use std::path::Path;

#[test]
fn what_is_typed_is_understood() {
    let typed = arguments("metrics --listen 9478 --otlp http://127.0.0.1:4318 --top 7 15");
    assert_eq!((typed.verb, typed.interval), (Some(Verb::Metrics), Some(15)));
    assert_eq!(typed.metrics.listen, Some(([127, 0, 0, 1], 9478).into()));
    assert_eq!(typed.metrics.otlp.as_deref(), Some("http://127.0.0.1:4318"));
    assert_eq!(typed.metrics.top, Some(7));
    let typed = arguments("metrics --listen [::]:80");
    assert_eq!(typed.metrics.listen.unwrap().to_string(), "[::]:80");
    let typed = arguments("metrics --once -o x.prom --set close-wait.warning=200");
    assert_eq!((typed.once, typed.metrics.output.as_deref()), (true, Some(Path::new("x.prom"))));
    assert!(arguments("-o").pid, "the letter of the tables is theirs");
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (line, words) in [
        ("metrics", "needs somebody to tell"),
        ("metrics --once --listen 9478", "--once ends at once"),
        ("metrics --listen 9478 -o x", "-o names the file of --once"),
        ("metrics --once --otlp http://a -o x", "-o names the file of --once"),
        ("metrics --listen 9478 --logs", "--logs goes to a collector"),
        ("metrics --otlp http://a --since 1h", "--since says from when --logs sends"),
        ("metrics --otlp http://a --once --logs", "--since says from when --logs sends"),
        ("metrics --once 5", "5 is an interval"),
        ("metrics --listen 9478 5", "5 is an interval"),
        ("metrics --listen 9478 process curl", "is not for netstat metrics"),
        ("metrics --listen localhost:9478", "is not an address and a port"),
        ("metrics --listen :9478", "is not an address and a port"),
        ("metrics --otlp 127.0.0.1:4318", "is not a URL of a collector"),
        ("metrics --otlp http://", "is not a URL of a collector"),
        ("metrics --otlp http://a/?b", "is not a URL of a collector"),
        ("metrics --otlp https://me:secret@a", "takes no password"),
        ("metrics --once --top 0", "would show nothing"),
        ("metrics --once --top 1001", "at most 1000"),
        ("metrics --once --netns all", "--netns all is for tables"),
        ("--listen 9478", "belongs to netstat metrics"),
    ] {
        let said = complaint_about(line);
        assert!(said.contains(words), "{line}: {said}");
        assert!(!said.contains("secret"), "{line}: {said}");
    }
}
