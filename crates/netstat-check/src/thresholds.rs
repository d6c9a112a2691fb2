//! The values that hold for the settings of the checks.

use super::data::{CheckData, Setting};
use super::finding::Severity;
use std::collections::HashMap;
use std::time::Duration;

/// A value that was set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SettingValue {
    Number(f64),
    Words(Vec<String>),
}

/// What was set, by check and setting. What was not set has its default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckSettings {
    set: HashMap<(&'static str, &'static str), SettingValue>,
}

impl CheckSettings {
    /// Sets a value; the last one set holds.
    pub(super) fn set(&mut self, check: &'static str, setting: &'static str, value: SettingValue) {
        self.set.insert((check, setting), value);
    }
}

/// The settings of one check.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds<'a> {
    check: &'static str,
    data: &'static CheckData,
    settings: &'a CheckSettings,
}

impl<'a> Thresholds<'a> {
    pub(super) fn new(check: &'static str, data: &'static CheckData, settings: &'a CheckSettings) -> Self {
        Self { check, data, settings }
    }

    /// Returns a setting and what it was set to. A name that does not exist is a slip in the check, which its tests find.
    fn value(&self, name: &str) -> Option<(&'static Setting, Option<&'a SettingValue>)> {
        let setting = self.data.setting(name);
        debug_assert!(setting.is_some(), "{} has no setting {name}", self.check);
        let setting = setting?;
        Some((setting, self.settings.set.get(&(self.check, setting.name.as_str()))))
    }

    /// Returns the number that holds for a setting.
    pub fn number(&self, name: &str) -> f64 {
        match self.value(name) {
            Some((_, Some(SettingValue::Number(number)))) => *number,
            Some((setting, _)) => setting.default,
            None => 0.0,
        }
    }

    /// Returns the number, rounded up, as one that is counted to.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that does not fit becomes the nearest number that does"
    )]
    pub fn count(&self, name: &str) -> usize {
        self.number(name).ceil() as usize
    }

    /// Returns the number of seconds.
    pub fn seconds(&self, name: &str) -> Duration {
        Duration::try_from_secs_f64(self.number(name)).unwrap_or(Duration::MAX)
    }

    /// Returns the words that hold for a list.
    pub fn words(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some((_, Some(SettingValue::Words(words)))) => words.clone(),
            _ => Vec::new(),
        }
    }

    /// Grades a value by the settings `notice`, `warning` and `critical`; `None` below all of them.
    pub fn graded(&self, value: f64) -> Option<Severity> {
        self.graded_by(value, ["notice", "warning", "critical"])
    }

    /// Grades a value by three settings at which a notice, a warning and a critical finding begin; `None` below all, and
    /// always for a value of zero.
    pub fn graded_by(&self, value: f64, [notice, warning, critical]: [&str; 3]) -> Option<Severity> {
        let reaches = |name| value > 0.0 && value >= self.number(name);
        if reaches(critical) {
            Some(Severity::Critical)
        } else if reaches(warning) {
            Some(Severity::Warning)
        } else {
            reaches(notice).then_some(Severity::Notice)
        }
    }
}
