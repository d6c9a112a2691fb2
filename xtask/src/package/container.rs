//! A container image as a tar, made without an engine: an OCI layout that `docker load`, podman and skopeo read.

use super::archive::{gzip, tar};
use super::layout::{self, File, Files};
use super::tools::sha256;
use super::{Built, Release};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A blob of an image: what is called by its sum.
struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Result<Self> {
        Ok(Self { digest: sha256(&bytes)?, bytes })
    }

    fn of_json(value: &Value) -> Result<Self> {
        Self::new(serde_json::to_vec(value)?)
    }

    fn described(&self, kind: &str) -> Value {
        json!({ "mediaType": kind, "digest": format!("sha256:{}", self.digest), "size": self.bytes.len() })
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest)
    }
}

/// Makes the image of a target and returns its path.
pub(super) fn make(release: &Release, built: &Built, folder: &Path) -> Result<PathBuf> {
    let machine = built.target.machine;
    let work = release.work.join(format!("container-{machine}"));
    let mut files = Files::new();
    files.insert("usr/bin/netstat".to_owned(), File::Program(built.program.clone()));
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        files.insert(format!("usr/share/licenses/netstat/{name}"), File::Data(layout::read(name)?));
    }
    files.insert(
        "usr/share/licenses/netstat/THIRD-PARTY".to_owned(),
        File::Data(built.third_party.clone().into_bytes()),
    );
    let tree = work.join("root");
    layout::lay_out(&files, &tree, release.time)?;
    let layer = tar(&tree, &["usr"], release.time)?;
    let image = image(release, built.target.oci, &layer)?;
    let layout_folder = work.join("layout");
    layout::lay_out(&image, &layout_folder, release.time)?;
    let path = folder.join(format!("netstat-{}-{machine}-container.tar", release.version));
    let names = ["blobs", "index.json", "manifest.json", "oci-layout"];
    fs::write(&path, tar(&layout_folder, &names, release.time)?)
        .with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Returns the files of an image with one layer.
fn image(release: &Release, architecture: &str, layer: &[u8]) -> Result<Files> {
    let unpacked = sha256(layer)?;
    let layer = Blob::new(gzip(layer)?)?;
    let created = format!("{}T00:00:00Z", release.date);
    let config = Blob::of_json(&json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Entrypoint": ["/usr/bin/netstat"],
            "Env": ["PATH=/usr/bin"],
            "Labels": {
                "org.opencontainers.image.title": "netstat",
                "org.opencontainers.image.version": release.version,
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{unpacked}")] },
        "history": [{ "created": created, "created_by": "cargo xtask package" }],
    }))?;
    let manifest = Blob::of_json(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.described("application/vnd.oci.image.config.v1+json"),
        "layers": [layer.described("application/vnd.oci.image.layer.v1.tar+gzip")],
    }))?;
    let mut described = manifest.described("application/vnd.oci.image.manifest.v1+json");
    described["platform"] = json!({ "architecture": architecture, "os": "linux" });
    described["annotations"] = json!({ "org.opencontainers.image.ref.name": release.version });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [described],
    });
    // What engines before OCI read.
    let older = json!([{
        "Config": config.path(),
        "RepoTags": [format!("netstat:{}", release.version)],
        "Layers": [layer.path()],
    }]);
    let data = |value: &Value| -> Result<File> { Ok(File::Data(serde_json::to_vec(value)?)) };
    let mut files = Files::from([
        ("oci-layout".to_owned(), data(&json!({ "imageLayoutVersion": "1.0.0" }))?),
        ("index.json".to_owned(), data(&index)?),
        ("manifest.json".to_owned(), data(&older)?),
    ]);
    files.extend([layer, config, manifest].map(|blob| (blob.path(), File::Data(blob.bytes))));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_at(files: &Files, path: &str) -> Value {
        match &files[path] {
            File::Data(bytes) => serde_json::from_slice(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_digest_leads_to_a_blob_of_its_size_and_sum() {
        let files = image(&Release::for_tests(), "arm64", b"a layer").unwrap();
        let at = |digest: &Value| format!("blobs/{}", digest.as_str().unwrap().replace(':', "/"));
        let index = json_at(&files, "index.json");
        let manifest = json_at(&files, &at(&index["manifests"][0]["digest"]));
        for described in [&index["manifests"][0], &manifest["config"], &manifest["layers"][0]] {
            let path = at(&described["digest"]);
            let File::Data(bytes) = &files[&path] else { panic!("{path}") };
            assert_eq!(described["size"], bytes.len());
            assert_eq!(format!("blobs/sha256/{}", sha256(bytes).unwrap()), path);
        }
        let config = json_at(&files, &at(&manifest["config"]["digest"]));
        assert_eq!(config["architecture"], "arm64");
        assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(b"a layer").unwrap()));
        let older = json_at(&files, "manifest.json");
        assert_eq!(older[0]["Config"], at(&manifest["config"]["digest"]));
    }
}
