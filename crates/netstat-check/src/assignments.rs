//! Changes of settings: a TOML file (`--config`) and the command line (`--set`).
//!
//! The file has a table for each check and in it a line for each setting:
//!
//! ```toml
//! [close-wait]
//! warning = 200
//! ```
//!
//! An unknown name is an error: a misspelt threshold would silently keep its default.

use super::data::{ListKind, Setting};
use super::definition::Check;
use super::registry;
use super::text::Text;
use super::thresholds::{CheckSettings, SettingValue};
use super::toml_error::{at_line, without_content};
use netstat_engine::both;
use toml::de::{DeInteger, DeTable, DeValue};

/// A parsed `CHECK.SETTING=VALUE` of the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    check: &'static str,
    setting: &'static str,
    value: SettingValue,
}

impl CheckSettings {
    /// Applies assignments of the command line; the last holds.
    pub fn assign(&mut self, assignments: &[Assignment]) {
        for Assignment { check, setting, value } in assignments {
            self.set(check, setting, value.clone());
        }
    }

    /// Parses a configuration file.
    ///
    /// # Errors
    /// Says what is wrong and what to write instead, beginning with the line or the key.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let at = |position: usize, why: &Text| at_line(text, position, why);
        let file = DeTable::parse(text).map_err(|error| {
            at(error.span().map_or(0, |span| span.start), &without_content(error.message()))
        })?;
        let mut all = Self::default();
        for (table, value) in file.get_ref() {
            let start = table.span().start;
            // What the file says is not repeated: it may be another file than was meant, and secret.
            let check = registry::by_name(table.get_ref()).ok_or_else(|| {
                at(
                    start,
                    &both!(
                        "unknown check: the checks are {names}",
                        "없는 검사입니다. 검사 목록: {names}",
                        names = registry::NAMES.join(", ")
                    ),
                )
            })?;
            let DeValue::Table(settings) = value.get_ref() else {
                return Err(at(
                    start,
                    &both!(
                        "{check} has to be a table of settings: write [{check}]",
                        "{check}: 설정의 테이블이어야 합니다. 이렇게 쓰세요: [{check}]",
                        check = check.name
                    ),
                ));
            };
            for (name, value) in settings {
                let start = name.span().start;
                let setting = check.data.setting(name.get_ref()).ok_or_else(|| {
                    at(
                        start,
                        &both!(
                            "not a setting of {check}: those are {names}",
                            "{check}에 없는 설정입니다. 설정 목록: {names}",
                            check = check.name,
                            names = names_of(check)
                        ),
                    )
                })?;
                let value = from_toml(setting, value.get_ref())
                    .ok_or_else(|| at(start, &has_to_be(check, setting)))?;
                all.set(check.name, &setting.name, value);
            }
        }
        Ok(all)
    }
}

/// Parses `CHECK.SETTING=VALUE`; the words of a list are separated by commas.
///
/// # Errors
/// Says what is wrong and what to type instead.
pub fn parse_assignment(text: &str) -> Result<Assignment, Text> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let Some(((check, name), value)) = parts else {
        return Err(both!(
            "{text} is not a setting: type CHECK.SETTING=VALUE, as in close-wait.warning=200",
            "{text}: 설정이 아닙니다. CHECK.SETTING=VALUE로 입력하세요. 입력 예: close-wait.warning=200",
            text = format!("{text:?}")
        ));
    };
    let check = find_check(check)?;
    let setting = find_setting(check, name)?;
    let value = match setting.list {
        None => value.trim().parse::<f64>().ok().filter(is_sensible).map(SettingValue::Number),
        Some(list) => {
            let words: Vec<&str> = value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            let all = words.iter().all(|word| allows(list, word));
            all.then(|| SettingValue::Words(words.into_iter().map(str::to_owned).collect()))
        }
    };
    let value = value.ok_or_else(|| has_to_be(check, setting))?;
    Ok(Assignment { check: check.name, setting: &setting.name, value })
}

fn find_check(name: &str) -> Result<&'static Check, Text> {
    registry::by_name(name).ok_or_else(|| {
        both!(
            "unknown check {name}: the checks are {names}",
            "{name}: 없는 검사입니다. 검사 목록: {names}",
            name = format!("{name:?}"),
            names = registry::NAMES.join(", ")
        )
    })
}

fn find_setting(check: &'static Check, name: &str) -> Result<&'static Setting, Text> {
    check.data.setting(name).ok_or_else(|| {
        both!(
            "{check}.{name} is not a setting: those of {check} are {names}",
            "{check}.{name}: 없는 설정입니다. {check}의 설정: {names}",
            check = check.name,
            name,
            names = names_of(check)
        )
    })
}

fn names_of(check: &Check) -> String {
    let names: Vec<&str> = check.data.settings.iter().map(|setting| setting.name.as_str()).collect();
    names.join(", ")
}

/// Returns whether a word may be in a list.
fn allows(list: ListKind, word: &str) -> bool {
    match list {
        ListKind::Words => true,
        ListKind::Ports => {
            let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
            number.parse::<u16>().is_ok_and(|port| port != 0)
                && ["tcp", "udp"].iter().any(|known| protocol.eq_ignore_ascii_case(known))
        }
        ListKind::Countries => word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()),
    }
}

fn from_toml(setting: &Setting, value: &DeValue<'_>) -> Option<SettingValue> {
    match (setting.list, value) {
        (None, DeValue::Float(number)) => {
            number.as_str().parse().ok().filter(is_sensible).map(SettingValue::Number)
        }
        (None, DeValue::Integer(number)) => {
            whole(number).map(|number| number as f64).filter(is_sensible).map(SettingValue::Number)
        }
        (Some(list), DeValue::Array(words)) => {
            let word = |value: &DeValue<'_>| match value {
                DeValue::String(word) => Some(word.clone().into_owned()),
                // In a file, a port is a number.
                DeValue::Integer(port) if list == ListKind::Ports => whole(port).map(|port| port.to_string()),
                _ => None,
            };
            let words = words.iter().map(|value| word(value.get_ref()).filter(|word| allows(list, word)));
            words.collect::<Option<_>>().map(SettingValue::Words)
        }
        (Some(ListKind::Words), DeValue::String(word)) => {
            Some(SettingValue::Words(vec![word.clone().into_owned()]))
        }
        _ => None,
    }
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn is_sensible(number: &f64) -> bool {
    number.is_finite() && *number >= 0.0
}

fn has_to_be(check: &Check, setting: &Setting) -> Text {
    let kind = match setting.list {
        None => both!("a number that is not negative", "음수가 아닌 수"),
        Some(ListKind::Words) => both!("a word or a list of words", "단어 또는 단어 목록"),
        Some(ListKind::Ports) => {
            both!("a list of ports, such as 5432 or 161/udp", "5432, 161/udp 같은 포트 목록")
        }
        Some(ListKind::Countries) => {
            both!("a list of countries in two letters, such as KR or US", "KR, US 같은 두 글자 국가 목록")
        }
    };
    both!(
        "{check}.{setting} has to be {kind}",
        "{check}.{setting} 값은 다음이어야 합니다: {kind}",
        check = check.name,
        setting = &setting.name,
        kind
    )
}

#[cfg(test)]
mod tests {
    use super::super::close_wait::CHECK;
    use super::super::{exposed, policy};
    use super::*;

    #[test]
    fn the_command_line_overrides_the_file() {
        let warning = |settings: &CheckSettings| CHECK.thresholds(settings).number("warning");
        let mut settings = CheckSettings::parse("[close-wait]\nwarning = 7\nold = 2.5\n").unwrap();
        assert_eq!(warning(&settings), 7.0);
        assert_eq!(warning(&CheckSettings::default()), 100.0);
        let typed = ["close-wait.warning=8", "CLOSE_WAIT.warning= 9 "];
        settings.assign(&typed.map(|text| parse_assignment(text).unwrap()));
        assert_eq!(warning(&settings), 9.0);
    }

    #[test]
    fn a_port_may_be_a_number_or_have_its_protocol() {
        let settings = CheckSettings::parse("[exposed]\nexcept = [5432, \"161/udp\"]\n").unwrap();
        assert_eq!(exposed::CHECK.thresholds(&settings).words("except"), ["5432", "161/udp"]);
        assert!(parse_assignment("exposed.except= 5432 ,161/UDP,").is_ok());
        assert!(parse_assignment("exposed.except=").is_ok());
    }

    #[test]
    fn a_single_word_may_stand_for_a_list() {
        let settings = CheckSettings::parse("[policy]\nfile = \"a, b.toml\"\n").unwrap();
        assert_eq!(policy::CHECK.thresholds(&settings).words("file"), ["a, b.toml"]);
    }

    #[test]
    fn an_invalid_setting_is_an_error_that_names_it() {
        for (text, why) in [
            ("[close-wiat]\nold = 1\n", "line 1: unknown check: the checks are port-exhaustion, close-wait"),
            ("secret = \"hunter2\"\n", "line 1: unknown check: "),
            ("[close-wait]\nodl = 1\n", "line 2: not a setting of close-wait: those are old"),
            ("[close-wait]\nold = \"1\"\n", "line 2: close-wait.old has to be a number"),
            ("[close-wait]\nold = -1\n", "line 2: close-wait.old has to be a number"),
            ("[close-wait]\nold = nan\n", "line 2: close-wait.old has to be a number"),
            ("[exposed]\nexcept = [\"postgres\"]\n", "line 2: exposed.except has to be a list of ports"),
            ("[exposed]\nexcept = [70000]\n", "line 2: exposed.except has to be a list of ports"),
            ("[exposed]\nexcept = 5432\n", "line 2: exposed.except has to be a list of ports"),
            (
                "[suspicious]\nusual-paths = [1]\n",
                "line 2: suspicious.usual-paths has to be a word or a list of words",
            ),
            (
                "[suspicious]\nusual-paths = 1\n",
                "line 2: suspicious.usual-paths has to be a word or a list of words",
            ),
            ("close-wait = 5\n", "line 1: close-wait has to be a table"),
            ("[close-wait]\n\nold = = 1\n", "line 3: "),
        ] {
            let error = CheckSettings::parse(text).unwrap_err().english().to_owned();
            assert!(error.starts_with(why), "{text:?}: {error}");
            assert!(
                !["wiat", "odl", "secret", "hunter2", "postgres"].iter().any(|word| error.contains(word))
            );
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn assignments_are_checked() {
        for (text, why) in [
            ("", "is not a setting: type CHECK.SETTING=VALUE, as in close-wait.warning=200"),
            ("close-wait=5", "is not a setting"),
            ("close-wait.old", "is not a setting"),
            ("x.old=5", "unknown check \"x\""),
            ("close-wait.x=5", "close-wait.x is not a setting"),
            ("close-wait.old=", "has to be a number"),
            ("close-wait.old=inf", "has to be a number"),
            ("close-wait.old=-2", "has to be a number"),
            ("exposed.except=postgres", "exposed.except has to be a list of ports"),
            ("exposed.except=5432,70000", "has to be a list of ports"),
            ("exposed.also=0", "has to be a list of ports"),
            ("suspicious.usual-ports=22/sctp", "has to be a list of ports"),
            ("suspicious.usual-countries=Korea", "has to be a list of countries"),
        ] {
            let error = parse_assignment(text).unwrap_err().english().to_owned();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
