//! Does the guide work as it is written? Its configurations are put together in its order, and each of
//! its commands is run when it comes.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::guide::filled;
use super::s3_server::{ACCESS_KEY, S3Server, SECRET_KEY};
use crate::gateway::{command, photos, scratch};

/// What a reader of the guide has before him.
struct Reader {
    server: S3Server,
    folder: PathBuf,
    /// The backup's origin, to which single keys are added.
    backup: String,
    /// More origins.
    others: String,
    endpoints: String,
}

impl Reader {
    /// Takes a block of configuration in, with places of the test's own.
    fn configure(&mut self, block: &str) {
        let place = |path: &str| self.folder.join(path).display().to_string();
        let block = block
            .replace("/srv/library", &place("library"))
            .replace("/var/lib/cldgate", &place("lib"));
        let (origins, endpoints) = match block.find("[[endpoint]]") {
            Some(at) => block.split_at(at),
            None => (block.as_str(), ""),
        };
        if origins.starts_with("# cldgate.toml") {
            let store = &self.server.endpoint;
            self.backup = format!("{origins}endpoint = \"{store}\"\npath_style = true\n");
        } else if origins.starts_with("[[origin]]") {
            self.others.push_str(origins);
        } else {
            self.backup.push_str(origins);
        }
        match endpoints {
            "" => {}
            // Beside the one that it has, for a host of its own.
            host if host.contains("hosts") => self
                .endpoints
                .push_str(&host.replace("\"default\"", "\"host\"")),
            whole => self.endpoints = whole.to_owned(),
        }
    }

    fn run(&self, line: &str) -> Output {
        let text = [&*self.backup, &self.others, &self.endpoints].concat();
        std::fs::write(self.folder.join("cldgate.toml"), text).expect("written");
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("cldgate"), "{line}");
        let output = command()
            .args(words)
            .current_dir(&self.folder)
            .env("BACKUP_ACCESS_KEY", ACCESS_KEY)
            .env("BACKUP_SECRET_KEY", SECRET_KEY)
            .output();
        let output = output.expect("the binary runs");
        assert!(output.status.success(), "{line}: {output:?}");
        output
    }
}

/// What a line of the guide shows that does not depend on a bucket: up to its first number.
fn shown(line: &str) -> String {
    let end = line
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(line.len());
    let end = line.find("ok:").map_or(end, |at| end.min(at + 3));
    line[..end].split_whitespace().collect()
}

#[test]
fn the_commands_of_the_guide_do_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrating.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let mut reader = Reader {
        server: filled(),
        folder: scratch("guide"),
        backup: String::new(),
        others: String::new(),
        endpoints: String::new(),
    };
    let photo = photos().join("res/demo/image/upload/sample/1312461204.jpg");
    std::fs::copy(photo, reader.folder.join("photo.jpg")).expect("copied");
    let mut run = 0;
    // Behind each fence is a language and a block, or plain text.
    for fenced in guide.split("```").skip(1).step_by(2) {
        let (language, block) = fenced.split_once('\n').expect("a line");
        if language == "toml" {
            reader.configure(block);
            continue;
        }
        let mut said = None;
        for line in block.lines() {
            match (line.strip_prefix("$ "), &said) {
                (Some("mkdir -p /srv/library"), _) => {
                    std::fs::create_dir(reader.folder.join("library")).expect("a folder");
                }
                (Some(line), _) => {
                    run += 1;
                    let output = String::from_utf8(reader.run(line).stdout).expect("text");
                    said = Some(output.split_whitespace().collect::<String>());
                }
                (None, Some(said)) => {
                    assert!(said.contains(&shown(line)), "{line}: {said}");
                }
                (None, None) => {}
            }
        }
    }
    assert_eq!(run, 6, "the commands of the guide");
    // With everything that the guide adds.
    reader.run("cldgate check --config cldgate.toml");
    assert!(reader.others.contains("auto_upload") && reader.endpoints.contains("hosts"));
    std::fs::remove_dir_all(reader.folder).expect("removed");
}
