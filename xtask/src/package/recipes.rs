//! What package managers read of a release: where its archives are, and their sums.

use super::Release;
use super::layout::{self, filled};
use super::tools::sha256;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// A sum that a template has, and the end of the name of the archive that it is of.
type Sum = (&'static str, &'static str);

const X64: Sum = ("X64", "x86_64-windows.zip");
const ARM64: Sum = ("ARM64", "aarch64-windows.zip");

/// Templates below `packaging/`, the same paths below the folder of the release, and the sums that are in them.
const WINDOWS: [(&str, &str, &[Sum]); 7] = [
    ("winget/version.yaml", "winget/Netstat.Netstat.yaml", &[]),
    ("winget/installer.yaml", "winget/Netstat.Netstat.installer.yaml", &[X64, ARM64]),
    ("winget/locale.en-US.yaml", "winget/Netstat.Netstat.locale.en-US.yaml", &[]),
    ("scoop/nets.json", "scoop/nets.json", &[X64, ARM64]),
    ("chocolatey/nets.nuspec", "chocolatey/nets.nuspec", &[]),
    ("chocolatey/chocolateyinstall.ps1", "chocolatey/tools/chocolateyinstall.ps1", &[X64, ARM64]),
    ("chocolatey/chocolateyuninstall.ps1", "chocolatey/tools/chocolateyuninstall.ps1", &[]),
];
const LINUX: [(&str, &str, &[Sum]); 1] = [(
    "homebrew/netstat.rb",
    "homebrew/netstat.rb",
    &[("X86_64", "x86_64-linux.tar.gz"), ("AARCH64", "aarch64-linux.tar.gz")],
)];

/// Writes those whose archives are all there; names the others.
pub(super) fn write(release: &Release, out: &Path) -> Result<()> {
    let sum = |end: &str| -> Result<Option<String>> {
        let archive = out.join(format!("netstat-{}-{end}", release.version));
        archive.exists().then(|| sha256(&fs::read(&archive)?)).transpose()
    };
    for (template, path, sums) in WINDOWS.into_iter().chain(LINUX) {
        let found: Vec<(&str, Option<String>)> =
            sums.iter().map(|(name, end)| Ok((*name, sum(end)?))).collect::<Result<_>>()?;
        let Some(found) = found.into_iter().map(|(name, sum)| Some((name, sum?))).collect::<Option<Vec<_>>>()
        else {
            println!("{path} takes the archives for both processors, which are not here");
            continue;
        };
        let to = out.join(path);
        fs::create_dir_all(to.parent().context("a recipe without a folder")?)?;
        fs::write(&to, text(release, template, &found)?).with_context(|| to.display().to_string())?;
    }
    Ok(())
}

/// Returns a template, filled.
fn text(release: &Release, template: &str, sums: &[(&str, String)]) -> Result<String> {
    let text = String::from_utf8(layout::read(&format!("packaging/{template}"))?)?;
    let mut values: Vec<(&str, &str)> = vec![("VERSION", &release.version), ("HOME", &release.home)];
    values.retain(|(name, _)| text.contains(&format!("@{name}@")));
    values.extend(sums.iter().map(|(name, sum)| (*name, sum.as_str())));
    filled(&text, &values).with_context(|| template.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn filled_for_test(template: &str) -> String {
        let recipe = WINDOWS.into_iter().chain(LINUX).find(|recipe| recipe.0 == template).unwrap();
        let sums: Vec<_> = recipe.2.iter().map(|(name, _)| (*name, SUM.to_owned())).collect();
        text(&Release::for_tests(), template, &sums).unwrap()
    }

    #[test]
    fn every_template_is_filled_and_names_the_archives_that_are_made() {
        for (template, _, sums) in WINDOWS.into_iter().chain(LINUX) {
            let text = filled_for_test(template);
            assert_eq!(text.matches(SUM).count(), sums.len(), "{template}");
            if template.contains("uninstall") {
                continue;
            }
            assert!(text.contains("1.2.3"), "{template}");
            for (_, end) in sums {
                // PowerShell puts the name together.
                let name = format!("netstat-1.2.3-{}", end.split('.').next().unwrap());
                assert!(text.contains(&name), "{template} has no {name}");
            }
        }
    }

    #[test]
    fn scoop_finds_what_its_schema_requires() {
        let manifest: Value = serde_json::from_str(&filled_for_test("scoop/nets.json")).unwrap();
        for key in ["version", "homepage", "license", "description"] {
            assert!(manifest[key].is_string(), "{key}");
        }
        for machine in ["64bit", "arm64"] {
            let one = &manifest["architecture"][machine];
            let url = one["url"].as_str().unwrap();
            let folder = url.rsplit('/').next().unwrap().strip_suffix(".zip").unwrap();
            assert_eq!(one["extract_dir"], folder);
            assert_eq!(one["hash"], SUM);
        }
    }

    #[test]
    fn winget_finds_what_its_schema_requires() {
        let required = [
            ("version.yaml", &["PackageIdentifier", "PackageVersion", "DefaultLocale"][..]),
            ("installer.yaml", &["PackageIdentifier", "PackageVersion", "Installers"]),
            (
                "locale.en-US.yaml",
                &[
                    "PackageIdentifier",
                    "PackageVersion",
                    "PackageLocale",
                    "Publisher",
                    "PackageName",
                    "License",
                    "ShortDescription",
                ],
            ),
        ];
        for (name, keys) in required {
            let text = filled_for_test(&format!("winget/{name}"));
            for key in keys.iter().chain(&["ManifestType", "ManifestVersion"]) {
                assert!(text.lines().any(|line| line.starts_with(&format!("{key}:"))), "{name} has no {key}");
            }
        }
        let text = filled_for_test("winget/installer.yaml");
        for key in ["Architecture", "InstallerUrl", "InstallerSha256", "RelativeFilePath"] {
            assert_eq!(text.matches(&format!("{key}: ")).count(), 2, "{key}");
        }
        // The schema has at most 256 letters there.
        let text = filled_for_test("winget/locale.en-US.yaml");
        let short = text.lines().find_map(|line| line.strip_prefix("ShortDescription: ")).unwrap();
        assert!((3..=256).contains(&short.len()));
    }

    #[test]
    fn chocolatey_finds_what_its_schema_requires() {
        let text = filled_for_test("chocolatey/nets.nuspec");
        for key in ["id", "version", "authors", "description", "projectUrl", "tags", "summary"] {
            assert_eq!(text.matches(&format!("<{key}>")).count(), 1, "{key}");
            assert_eq!(text.matches(&format!("</{key}>")).count(), 1, "{key}");
        }
    }
}
