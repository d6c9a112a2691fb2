//! What a set of nftables finds for the value in a register.

use super::packet::{Match, View};
use super::rules::{Comparison, Element, KeyForm};

/// The elements of a set, sorted by key.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) elements: Vec<Element>,
    form: KeyForm,
}

impl Set {
    pub(super) fn new(mut elements: Vec<Element>, form: KeyForm) -> Self {
        // Where a range ends at the key at which the next one begins, the end comes first.
        elements.sort_by(|one, two| one.key.cmp(&two.key).then(two.ends_range.cmp(&one.ends_range)));
        Self { elements, form }
    }

    /// Finds the element for the value in a register: `None` where that cannot be known, `Some(None)` where the set has
    /// none.
    pub(super) fn look_up(&self, view: &View<'_>, register: u32) -> Option<Option<&Element>> {
        let length = self.elements.iter().map(|element| element.key.len()).max().unwrap_or(0);
        if length == 0 {
            return Some(self.elements.first());
        }
        let Some(value) = view.bytes(register, length) else {
            // What is known of the value may fit no element.
            let none = self.elements.iter().all(|element| self.excludes(element, view, register));
            return none.then_some(None);
        };
        Some(self.find(&value))
    }

    /// Whether all keys have this length, in bytes.
    pub(super) fn has_keys_of(&self, length: usize) -> bool {
        self.elements.iter().all(|element| element.key.is_empty() || element.key.len() == length)
    }

    /// Whether an element does not stand for the value in a register, whatever else that may be.
    fn excludes(&self, element: &Element, view: &View<'_>, register: u32) -> bool {
        let is_single = !self.form.has_ranges && element.key_end.is_none() && !element.key.is_empty();
        is_single && view.compare(register, Comparison::Equal, &element.key) == Match::No
    }

    /// Finds the element for a key.
    pub(super) fn find(&self, value: &[u8]) -> Option<&Element> {
        let elements = &self.elements;
        let catch_all = elements.first().filter(|element| element.key.is_empty());
        if elements.iter().any(|element| element.key_end.is_some()) {
            return elements.iter().find(|element| self.is_inside(element, value)).or(catch_all);
        }
        let after = elements.partition_point(|element| element.key.as_slice() <= value);
        let last = after.checked_sub(1).and_then(|at| elements.get(at));
        let is_hit = |element: &&Element| {
            !element.key.is_empty() && !element.ends_range && (self.form.has_ranges || element.key == value)
        };
        last.filter(is_hit).or(catch_all)
    }

    /// Whether each field of a key is within the range of that field.
    fn is_inside(&self, element: &Element, value: &[u8]) -> bool {
        let end = element.key_end.as_ref().unwrap_or(&element.key);
        let whole = [value.len()];
        let fields = if self.form.fields.is_empty() { &whole[..] } else { &self.form.fields };
        let mut from = 0usize;
        let inside = |length: &usize| {
            let field = |key: &[u8]| key.get(from..from.saturating_add(*length)).map(<[u8]>::to_vec);
            let (first, it, last) = (field(&element.key), field(value), field(end));
            from = from.saturating_add(length.next_multiple_of(4));
            it.is_some() && first <= it && it <= last
        };
        !element.key.is_empty() && fields.iter().all(inside)
    }
}
