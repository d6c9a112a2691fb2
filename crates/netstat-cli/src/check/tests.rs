//! The list checks itself: a new check is wrong or complete, never half done.

use super::text::{EN, KO};
use super::thresholds::Default;
use super::{ALL, Severity, Text, Thresholds, by_name, made, worst};
use std::collections::BTreeSet;

fn both(text: &Text, of: &str) {
    for language in [EN, KO] {
        let text = text.of(language);
        assert!(!text.is_empty() && text.trim() == text, "{of}: {text:?}");
        assert!(!text.contains("  ") && !text.contains('\t'), "{of}: {text:?}");
    }
    let hangul = text.of(KO).chars().any(|character| ('가'..='힣').contains(&character));
    assert!(hangul, "{of} has no Korean: {}", text.of(KO));
    assert!(!text.of(EN).chars().any(|character| ('가'..='힣').contains(&character)), "{of}");
}

#[test]
fn every_check_has_all_its_texts_in_both_languages() {
    let mut names = BTreeSet::new();
    for check in ALL {
        assert!(names.insert(check.name), "{} twice", check.name);
        assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.name);
        both(&check.summary, check.name);
        assert!(!check.summary.of(EN).ends_with('.'), "{}", check.name);
        both(&check.rule, check.name);
        assert!(check.rule.of(EN).ends_with('.') && check.rule.of(KO).ends_with('.'), "{}", check.name);
        let paragraphs = |language| check.rule.of(language).split("\n\n").count();
        assert_eq!(paragraphs(EN), paragraphs(KO), "{}", check.name);
        assert!(!check.sources.is_empty(), "{}", check.name);
        let mut settings = BTreeSet::new();
        for setting in check.settings {
            let name = format!("{}.{}", check.name, setting.name);
            assert!(settings.insert(setting.name), "{name} twice");
            assert!(setting.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            both(&setting.meaning, &name);
            if let Default::Number(number) = setting.default {
                assert!(number.is_finite() && number >= 0.0, "{name}");
                assert!(!setting.unit.of(EN).is_empty() && !setting.unit.of(KO).is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn checks_are_found_by_name() {
    for check in ALL {
        assert_eq!(by_name(&check.name.to_uppercase().replace('-', "_")), Some(check));
    }
    assert_eq!(by_name(""), None);
    assert_eq!(by_name("close-wai"), None);
}

#[test]
fn an_empty_system_is_well() {
    let evidence = made::looks(Some(made::moment(1, Vec::new())), made::moment(2, Vec::new()));
    for check in ALL {
        let findings = (check.run)(&evidence, &Thresholds::default());
        assert!(!findings.is_empty(), "{} says nothing", check.name);
        assert!(findings.iter().all(|finding| finding.check == check.name), "{}", check.name);
        // What was not asked for is not there here.
        assert!(matches!(worst(&findings), Severity::Ok | Severity::Unknown), "{}: {findings:?}", check.name);
        for finding in &findings {
            both(&finding.sentence, check.name);
        }
    }
}
