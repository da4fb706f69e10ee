//! Finds the face detector's model, which lies inside the package of the `rustface` crate, and puts it
//! where `include_bytes!` can take it. The package does not export it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "a build that cannot find the model should stop and say so"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "rustface";
const MODEL: &str = "model/seeta_fd_frontal_v1.0.bin";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let model = package().join(MODEL);
    std::fs::copy(&model, out.join("faces.bin"))
        .unwrap_or_else(|error| panic!("{}: {error}", model.display()));
}

/// The folder of the package's sources.
fn package() -> PathBuf {
    unpacked().unwrap_or_else(told)
}

/// Where cargo unpacks what it has downloaded. Asking cargo takes longer, and wants packages that a build with other features never
/// downloads.
fn unpacked() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let folder = format!("{PACKAGE}-{}", version()?);
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    registries
        .flatten()
        .map(|registry| registry.path().join(&folder))
        .find(|package| package.join(MODEL).is_file())
}

/// The version that is built, from the lock file.
fn version() -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let (_, entry) = lock.split_once(&format!("name = \"{PACKAGE}\"\nversion = \""))?;
    Some(entry.split_once('"')?.0.to_owned())
}

/// The folder as cargo tells it, wherever packages come from.
fn told() -> PathBuf {
    let cargo = std::env::var_os("CARGO").expect("cargo sets CARGO");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked"])
        .args(["--manifest-path", "Cargo.toml"])
        .output()
        .expect("cargo metadata starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let wanted = format!("/{PACKAGE}-");
    // One manifest path among those of all packages; a JSON parser would be a build dependency for it.
    let manifests = text.split("\"manifest_path\":\"").skip(1);
    let manifest = manifests
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains(&wanted) && path.ends_with("/Cargo.toml"));
    match manifest {
        Some(path) => Path::new(path).parent().expect("a folder").to_owned(),
        None => panic!(
            "cargo metadata names no {PACKAGE}: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}
