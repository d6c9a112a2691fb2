//! The bill of materials: what is linked into the program, as CycloneDX.

use super::Release;
use super::licences::{Crate, Linked};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Returns the bill for a program.
pub(super) fn bill(release: &Release, linked: &Linked) -> Value {
    let (program, others): (Vec<&Crate>, Vec<&Crate>) =
        linked.crates.iter().partition(|one| one.name == "netstat-cli");
    let components: Vec<Value> = others.iter().map(|one| component(one, "library")).collect();
    let mut program = program.first().map_or(Value::Null, |one| component(one, "application"));
    program["name"] = json!("netstat");
    let none = BTreeSet::new();
    let dependencies: Vec<Value> = linked
        .crates
        .iter()
        .map(|one| {
            let needs = linked.needs.get(&one.at_version()).unwrap_or(&none);
            json!({ "ref": one.at_version(), "dependsOn": needs })
        })
        .collect();
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": format!("{}T00:00:00Z", release.date),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask package", "version": release.version }] },
            "component": program,
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(one: &Crate, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": one.at_version(),
        "name": one.name,
        "version": one.version,
        "licenses": [{ "expression": one.licence }],
    });
    if let Some(description) = &one.description {
        component["description"] = json!(description.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if one.is_foreign {
        component["purl"] = json!(format!("pkg:cargo/{}", one.at_version().replace('+', "%2B")));
        if let Some(repository) = &one.repository {
            component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::licences::linked;

    #[test]
    fn every_reference_is_a_component() {
        let bill = bill(&Release::for_tests(), &linked("x86_64-unknown-linux-musl").unwrap());
        let components = bill["components"].as_array().unwrap();
        let mut references: BTreeSet<&str> =
            components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(references.len(), components.len());
        references.insert(bill["metadata"]["component"]["bom-ref"].as_str().unwrap());
        let dependencies = bill["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len(), references.len());
        for dependency in dependencies {
            let needs = dependency["dependsOn"].as_array().unwrap();
            for reference in needs.iter().chain([&dependency["ref"]]) {
                assert!(references.contains(reference.as_str().unwrap()), "{reference}");
            }
        }
        let sqlite = components.iter().find(|one| one["name"] == "libsqlite3-sys").unwrap();
        assert!(sqlite["purl"].as_str().unwrap().starts_with("pkg:cargo/libsqlite3-sys@"));
    }
}
