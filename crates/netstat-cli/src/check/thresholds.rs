//! Settings of the checks: their defaults, a TOML file (`--config`), and the command line (`--set`).
//!
//! The file has a table for each check and in it a line for each setting:
//!
//! ```toml
//! [close-wait]
//! warning = 200
//! ```
//!
//! A name that no check knows is an error, because a threshold with a slip in it would silently be the default.

use super::{Check, Severity, Text};
use std::collections::HashMap;

/// Something about a check that can be set.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name within the check, in lower case with dashes.
    pub(crate) name: &'static str,
    /// What holds where nothing is set.
    pub(crate) default: Default,
    /// The unit of a number; empty for a list.
    pub(crate) unit: Text,
    /// What it does, and why the default is what it is.
    pub(crate) meaning: Text,
}

/// What holds where nothing is set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Default {
    /// A number, which may not be negative.
    Number(f64),
    /// Words.
    Words(&'static [&'static str]),
    /// Ports, as `5432` or `161/udp`; none.
    Ports,
    /// Countries, as two letters; none.
    Countries,
}

impl Default {
    /// Whether a word may be in the list.
    fn allows(self, word: &str) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Words(_) => true,
            Self::Ports => {
                let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
                number.parse::<u16>().is_ok_and(|port| port != 0)
                    && ["tcp", "udp"].iter().any(|known| protocol.eq_ignore_ascii_case(known))
            }
            Self::Countries => word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()),
        }
    }
}

/// What was set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Words(Vec<String>),
}

/// What was set, by check and setting. What was not set has its default.
#[derive(Debug, Clone, PartialEq, std::default::Default)]
pub(crate) struct Thresholds {
    set: HashMap<(&'static str, &'static str), Value>,
}

/// `NAME=VALUE` of the command line, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assignment {
    check: &'static str,
    setting: &'static str,
    value: Value,
}

impl Thresholds {
    /// The number that holds for a setting of a check.
    pub(crate) fn number(&self, check: &Check, setting: &Setting) -> f64 {
        match (self.set.get(&(check.name, setting.name)), setting.default) {
            (Some(Value::Number(number)), _) => *number,
            (None, Default::Number(number)) => number,
            _ => 0.0,
        }
    }

    /// The number, as one that is counted to.
    pub(crate) fn count(&self, check: &Check, setting: &Setting) -> usize {
        whole(self.number(check, setting))
    }

    /// How bad a value is by three settings that begin a notice, a warning and what is critical; `None` below all, and for
    /// nothing at all whatever they say.
    pub(crate) fn graded(
        &self,
        check: &Check,
        value: f64,
        [notice, warning, critical]: [&Setting; 3],
    ) -> Option<Severity> {
        let reaches = |setting| value > 0.0 && value >= self.number(check, setting);
        if reaches(critical) {
            Some(Severity::Critical)
        } else if reaches(warning) {
            Some(Severity::Warning)
        } else {
            reaches(notice).then_some(Severity::Notice)
        }
    }

    /// The number, as seconds.
    pub(crate) fn seconds(&self, check: &Check, setting: &Setting) -> std::time::Duration {
        std::time::Duration::try_from_secs_f64(self.number(check, setting))
            .unwrap_or(std::time::Duration::MAX)
    }

    /// The words that hold for a setting of a check.
    pub(crate) fn words(&self, check: &Check, setting: &Setting) -> Vec<String> {
        match (self.set.get(&(check.name, setting.name)), setting.default) {
            (Some(Value::Words(words)), _) => words.clone(),
            (None, Default::Words(words)) => words.iter().map(|&word| word.to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// Takes over what the command line says; the last holds.
    pub(crate) fn assign(&mut self, assignments: &[Assignment]) {
        for Assignment { check, setting, value } in assignments {
            self.set.insert((check, setting), value.clone());
        }
    }

    /// What a configuration file says.
    ///
    /// # Errors
    /// What is wrong in it, and what to write instead; it begins with the line or the key.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| 1 + text.bytes().take(span.start).filter(|&byte| byte == b'\n').count());
            format!("line {line}: {}", error.message())
        })?;
        let mut thresholds = Self::default();
        for (table, value) in &file {
            let check = find_check(table)?;
            let toml::Value::Table(settings) = value else {
                return Err(format!("{table} has to be a table of settings: write [{table}]"));
            };
            for (name, value) in settings {
                let setting = find_setting(check, name)?;
                let value = from_toml(setting, value)
                    .ok_or_else(|| format!("{}.{name} has to be {}", check.name, kind(setting)))?;
                thresholds.set.insert((check.name, setting.name), value);
            }
        }
        Ok(thresholds)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that does not fit becomes the nearest number that does"
)]
fn whole(number: f64) -> usize {
    number.ceil() as usize
}

/// Understands `CHECK.SETTING=VALUE`, a list having commas between its words.
///
/// # Errors
/// What is wrong, and what to type instead.
pub(crate) fn parse_assignment(text: &str) -> Result<Assignment, String> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let Some(((check, name), value)) = parts else {
        return Err(format!(
            "{text:?} is no setting: type CHECK.SETTING=VALUE, as in close-wait.warning=200"
        ));
    };
    let check = find_check(check)?;
    let setting = find_setting(check, name)?;
    let value = match setting.default {
        Default::Number(_) => value.trim().parse::<f64>().ok().filter(is_sensible).map(Value::Number),
        default => {
            let words: Vec<&str> = value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            let all = words.iter().all(|word| default.allows(word));
            all.then(|| Value::Words(words.into_iter().map(str::to_owned).collect()))
        }
    };
    let value =
        value.ok_or_else(|| format!("{}.{} has to be {}", check.name, setting.name, kind(setting)))?;
    Ok(Assignment { check: check.name, setting: setting.name, value })
}

fn find_check(name: &str) -> Result<&'static Check, String> {
    super::by_name(name)
        .ok_or_else(|| format!("{name:?} is no check: the checks are {}", super::NAMES.join(", ")))
}

fn find_setting(check: &'static Check, name: &str) -> Result<&'static Setting, String> {
    check.settings.iter().copied().find(|setting| setting.name == name).ok_or_else(|| {
        let names: Vec<&str> = check.settings.iter().map(|setting| setting.name).collect();
        if names.is_empty() {
            return format!("{}.{name} is no setting: {} has none", check.name, check.name);
        }
        format!("{}.{name} is no setting: those of {} are {}", check.name, check.name, names.join(", "))
    })
}

fn from_toml(setting: &Setting, value: &toml::Value) -> Option<Value> {
    match (setting.default, value) {
        (Default::Number(_), toml::Value::Float(number)) => {
            Some(*number).filter(is_sensible).map(Value::Number)
        }
        #[expect(clippy::cast_precision_loss, reason = "no threshold has so many digits")]
        (Default::Number(_), toml::Value::Integer(number)) => {
            Some(*number as f64).filter(is_sensible).map(Value::Number)
        }
        (Default::Number(_), _) => None,
        (default, toml::Value::Array(words)) => {
            let word = |value: &toml::Value| match value {
                toml::Value::String(word) => Some(word.clone()),
                // A port is a number to whoever writes the file.
                toml::Value::Integer(port) if matches!(default, Default::Ports) => Some(port.to_string()),
                _ => None,
            };
            let words = words.iter().map(|value| word(value).filter(|word| default.allows(word)));
            words.collect::<Option<_>>().map(Value::Words)
        }
        (Default::Words(_), toml::Value::String(word)) => Some(Value::Words(vec![word.clone()])),
        _ => None,
    }
}

fn is_sensible(number: &f64) -> bool {
    number.is_finite() && *number >= 0.0
}

fn kind(setting: &Setting) -> &'static str {
    match setting.default {
        Default::Number(_) => "a number that is not negative",
        Default::Words(_) => "a word or a list of words",
        Default::Ports => "a list of ports, such as 5432 or 161/udp",
        Default::Countries => "a list of countries in two letters, such as KR or US",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::close_wait::CHECK;

    fn warning() -> &'static Setting {
        CHECK.settings.iter().find(|setting| setting.name == "warning").unwrap()
    }

    #[test]
    fn the_file_and_then_the_command_line_win() {
        let mut thresholds = Thresholds::parse("[close-wait]\nwarning = 7\nold = 2.5\n").unwrap();
        assert_eq!(thresholds.number(&CHECK, warning()), 7.0);
        assert_eq!(Thresholds::default().number(&CHECK, warning()), 100.0);
        let typed = ["close-wait.warning=8", "CLOSE_WAIT.warning= 9 "];
        thresholds.assign(&typed.map(|text| parse_assignment(text).unwrap()));
        assert_eq!(thresholds.number(&CHECK, warning()), 9.0);
    }

    #[test]
    fn a_port_may_be_a_number_or_have_its_protocol() {
        use crate::check::exposed;
        let except = exposed::CHECK.settings.iter().find(|setting| setting.name == "except").unwrap();
        let thresholds = Thresholds::parse("[exposed]\nexcept = [5432, \"161/udp\"]\n").unwrap();
        assert_eq!(thresholds.words(&exposed::CHECK, except), ["5432", "161/udp"]);
        assert!(parse_assignment("exposed.except= 5432 ,161/UDP,").is_ok());
        assert!(parse_assignment("exposed.except=").is_ok());
    }

    #[test]
    fn one_word_needs_no_list() {
        use crate::check::policy;
        let thresholds = Thresholds::parse("[policy]\nfile = \"a, b.toml\"\n").unwrap();
        assert_eq!(thresholds.words(&policy::CHECK, &policy::FILE), ["a, b.toml"]);
    }

    #[test]
    fn a_slip_is_an_error_that_names_it() {
        for (text, why) in [
            ("[close-wiat]\nold = 1\n", "\"close-wiat\" is no check"),
            ("[close-wait]\nodl = 1\n", "close-wait.odl is no setting: those of close-wait are old"),
            ("[close-wait]\nold = \"1\"\n", "close-wait.old has to be a number"),
            ("[close-wait]\nold = -1\n", "close-wait.old has to be a number"),
            ("[close-wait]\nold = nan\n", "close-wait.old has to be a number"),
            ("[exposed]\nexcept = [\"postgres\"]\n", "exposed.except has to be a list of ports"),
            ("[exposed]\nexcept = [70000]\n", "exposed.except has to be a list of ports"),
            ("[exposed]\nexcept = 5432\n", "exposed.except has to be a list of ports"),
            (
                "[suspicious]\nusual-paths = [1]\n",
                "suspicious.usual-paths has to be a word or a list of words",
            ),
            ("[suspicious]\nusual-paths = 1\n", "suspicious.usual-paths has to be a word or a list of words"),
            ("close-wait = 5\n", "close-wait has to be a table"),
            ("[close-wait]\n\nold = = 1\n", "line 3: "),
        ] {
            let error = Thresholds::parse(text).unwrap_err();
            assert!(error.starts_with(why), "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn assignments_are_checked() {
        for (text, why) in [
            ("", "is no setting: type CHECK.SETTING=VALUE, as in close-wait.warning=200"),
            ("close-wait=5", "is no setting"),
            ("close-wait.old", "is no setting"),
            ("x.old=5", "\"x\" is no check"),
            ("close-wait.x=5", "close-wait.x is no setting"),
            ("close-wait.old=", "has to be a number"),
            ("close-wait.old=inf", "has to be a number"),
            ("close-wait.old=-2", "has to be a number"),
            ("exposed.except=postgres", "exposed.except has to be a list of ports"),
            ("exposed.except=5432,70000", "has to be a list of ports"),
            ("exposed.also=0", "has to be a list of ports"),
            ("suspicious.usual-ports=22/sctp", "has to be a list of ports"),
            ("suspicious.usual-countries=Korea", "has to be a list of countries"),
        ] {
            let error = parse_assignment(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
