//! Completion for fish.

use super::super::entry::ValueKind;
use super::super::table;
use netstat_check as check;

/// The script.
pub(super) fn fish() -> String {
    let mut script =
        String::from("# Made by netstat --generate complete-fish. Do not edit.\ncomplete -c netstat -f\n");
    for entry in table::sorted() {
        let letters: String = entry.letters.iter().map(|letter| format!(" -s '{letter}'")).collect();
        let value = match entry.value().map(|value| &value.kind) {
            None => String::new(),
            Some(ValueKind::Choice(choices)) => format!(" -x -a '{}'", choices.join(" ")),
            Some(ValueKind::Directory) => " -x -a '(__fish_complete_directories)'".to_owned(),
            Some(ValueKind::File) => " -r -F".to_owned(),
            Some(ValueKind::Free) => " -x".to_owned(),
        };
        let summary = entry.summary.replace('\\', "\\\\").replace('\'', "\\'");
        script.push_str(&format!("complete -c netstat{letters} -l {}{value} -d '{summary}'\n", entry.long));
    }
    script.push_str(&format!(
        "complete -c netstat -n __fish_is_first_token -a check -d 'Say what is wrong'\n\
         complete -c netstat -n __fish_is_first_token -a record -d 'Watch connections open and end'\n\
         complete -c netstat -n __fish_is_first_token -a history -d 'Tell what connections there were'\n\
         complete -c netstat -n '__fish_seen_subcommand_from check' -a '{}'\n",
        check::NAMES.join(" ")
    ));
    script
}
