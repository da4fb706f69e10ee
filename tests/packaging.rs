//! Does the Debian package install, serve and go away again?

use std::path::Path;
use std::process::Command;

use crate::gateway::scratch;

fn has(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {tool}")])
        .output();
    found.is_ok_and(|output| output.status.success())
}

/// Runs a script of the repository; its output, whatever came of it.
fn script(name: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .args(arguments)
        .env("CLDGATE_BINARY", env!("CARGO_BIN_EXE_cldgate"))
        .env("CLDGATE_DEB_COMPRESSION", "gzip")
        .output()
        .expect("the script starts");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn the_debian_package_installs_serves_and_goes_away() {
    if !has("dpkg-deb") {
        println!("skipped: dpkg-deb is not installed");
        return;
    }
    let folder = scratch("deb");
    let (built, text) = script("packaging/deb", &[folder.to_str().unwrap()]);
    assert!(built, "{text}");
    let deb = text.lines().last().unwrap().to_owned();
    let listed = Command::new("dpkg-deb")
        .args(["--contents", &deb])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for file in [
        "./usr/bin/cldgate",
        "./lib/systemd/system/cldgate.service",
        "./etc/default/cldgate",
        "./usr/share/man/man1/cldgate.1.gz",
        "./usr/share/man/man1/cldgate-serve.1.gz",
        "./usr/share/bash-completion/completions/cldgate",
        "./usr/share/doc/cldgate/copyright",
    ] {
        assert!(
            listed.contains(file),
            "{file} is not in the package:\n{listed}"
        );
    }

    let mut arguments = vec![deb.as_str()];
    if std::env::var_os("CLDGATE_FULL").is_some() && has("debootstrap") {
        arguments.push("--full");
    }
    let root = Command::new("id").arg("-u").output().unwrap().stdout;
    if root.trim_ascii() != b"0" {
        println!("skipped: installing needs root");
    } else {
        let (passed, text) = script("packaging/check-deb", &arguments);
        assert!(passed, "{text}");
        for line in ["installed: cldgate", "served: HTTP/1.1 200 OK", "removed"] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
    let _removed = std::fs::remove_dir_all(folder);
}
