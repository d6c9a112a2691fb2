//! Tests of what is said about words that do not fit `netstat check`.

use super::complaint_about;

#[test]
fn an_option_of_others_is_named_as_it_was_typed() {
    let instead = "is not for netstat check: type netstat check --help to see its options";
    for (typed, name) in
        [("-an", "-a"), ("/Q", "-Q"), ("--bound", "--bound"), ("--PROTOCOL=tcp", "--protocol")]
    {
        assert_eq!(complaint_about(&format!("check {typed}")), format!("{name} {instead}"));
    }
}

#[test]
fn check_is_the_first_word() {
    for typed in ["-n check", "5 CHECK", "-an check close-wait"] {
        let said = complaint_about(typed);
        assert!(said.ends_with("has to be the first word: type netstat check"), "{said}");
    }
}
