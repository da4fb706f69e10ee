//! A real gateway for tests: the binary on loopback, with a configuration of the test's own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::origin::s3_server::{ACCESS_KEY, SECRET_KEY};

/// A running gateway; stopped when dropped.
pub struct Gateway {
    process: Child,
    pub base: String,
    /// Where TLS is spoken, if it is.
    pub secure: Option<String>,
    pub admin: String,
    folder: PathBuf,
    /// Removed with it.
    owned: Vec<PathBuf>,
}

/// The demo's pictures, laid out as a backup bucket.
pub fn photos() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/photos")
}

/// A folder of the test's own, empty.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("cldgate-test-{name}-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a scratch folder");
    path
}

/// Whether the sizes that take minutes are asked for.
pub fn full() -> bool {
    std::env::var_os("CLDGATE_FULL").is_some_and(|value| value == "1")
}

/// The binary, with the keys of the S3 server of tests in its environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cldgate"));
    command
        .env("CLDGATE_TEST_ACCESS_KEY", ACCESS_KEY)
        .env("CLDGATE_TEST_SECRET_KEY", SECRET_KEY);
    command
}

/// What a command of the binary says.
pub fn cldgate(arguments: &[&str]) -> Output {
    let output = command().args(arguments).output();
    output.expect("the binary runs")
}

/// The most bytes that a process has had in memory; `None` where the system does not tell.
pub fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

/// A configuration over a bucket folder, with lines for `[cache]` and for the endpoint.
pub fn caching_config(bucket: &Path, cache: &str, endpoint: &str) -> String {
    config_with(bucket, &format!("[cache]\n{cache}"), "", endpoint)
}

/// A configuration over a bucket folder, with further tables, and with more lines for the origin and the endpoint.
pub fn config_with(bucket: &Path, tables: &str, origin: &str, endpoint: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{tables}\n\
         [[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = '{}'\n\
         folder = \"res/demo\"\n{origin}\n\
         [[endpoint]]\nname = \"demo\"\nprefix = \"/demo\"\norigins = [\"photos\"]\n{endpoint}\n",
        bucket.display()
    )
}

impl Gateway {
    /// Over the demo's pictures, with more lines for the endpoint.
    pub fn demo(endpoint: &str) -> Self {
        Self::over(&photos(), "", endpoint)
    }

    /// Over a bucket folder, with more lines for the origin and the endpoint.
    pub fn over(bucket: &Path, origin: &str, endpoint: &str) -> Self {
        Self::start(&config_with(bucket, "", origin, endpoint))
    }

    /// Over the demo's pictures, with a `[cache]` section and more lines for the endpoint.
    pub fn caching(cache: &str, endpoint: &str) -> Self {
        Self::start(&caching_config(&photos(), cache, endpoint))
    }

    /// With a whole configuration; it should listen on ports of the system's choice.
    pub fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// As [`Gateway::start`], with environment variables.
    pub fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cldgate"));
        command.envs(variables.iter().copied());
        Self::start_by(command, config)
    }

    /// As [`Gateway::start`], by a command that ends with the binary.
    pub fn start_by(mut command: Command, config: &str) -> Self {
        let folder = scratch("gateway");
        let file = folder.join("cldgate.toml");
        std::fs::write(&file, config).expect("a configuration");
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let mut process = command
            .args(["serve", "--config"])
            .arg(&file)
            .env("CLDGATE_TEST_ACCESS_KEY", ACCESS_KEY)
            .env("CLDGATE_TEST_SECRET_KEY", SECRET_KEY)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the gateway starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut next = |label: &str| -> String {
            let line = lines.next().expect("a line").expect("text");
            let url = line.strip_prefix(label).unwrap_or_else(|| panic!("{line}"));
            url.trim_end_matches("/metrics").to_owned()
        };
        let base = next("cldgate listens on ");
        let secure = config.contains("[tls]").then(|| next("TLS on "));
        let admin = next("operators: ");
        Self {
            process,
            base,
            secure,
            admin,
            folder,
            owned: Vec::new(),
        }
    }

    /// With a folder that is removed when it ends.
    pub fn owning(mut self, folder: PathBuf) -> Self {
        self.owned.push(folder);
        self
    }

    /// The process, for signals and for what the system tells of it.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) {
        self.stop_and_tell();
    }

    /// As [`Gateway::stop`]; all that it has logged.
    pub fn stop_and_tell(mut self) -> String {
        let stopped = Command::new("kill").arg(self.pid().to_string()).status();
        assert!(stopped.expect("kill").success());
        self.process.wait().expect("ended");
        self.log()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("a log")
    }

    /// Bytes in memory now, and the most since this was asked the last time; `None` where the system
    /// does not tell.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let place = format!("/proc/{}", self.process.id());
        let status = std::fs::read_to_string(format!("{place}/status")).ok()?;
        let bytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some(kibibytes << 10)
        };
        let told = (bytes("VmRSS:")?, bytes("VmHWM:")?);
        // Starts the peak anew.
        std::fs::write(format!("{place}/clear_refs"), "5").ok()?;
        Some(told)
    }

    /// Its configuration file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("cldgate.toml")
    }

    /// Asks for a reload; the status and what it says.
    pub async fn reload(&self) -> (u16, String) {
        let request = reqwest::Client::new().post(format!("{}/reload", self.admin));
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.text().await.expect("text"))
    }

    /// What `POST /purge` answers.
    pub async fn purge(&self, body: &str) -> (reqwest::StatusCode, String) {
        let request = reqwest::Client::new().post(format!("{}/purge", self.admin));
        let answer = request.body(body.to_owned()).send().await;
        let answer = answer.expect("an answer");
        (answer.status(), answer.text().await.expect("text"))
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.ask(path, &[]).await
    }

    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = reqwest::Client::new().get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// A counter of the operators' listener, summed over its labels.
    pub async fn counter(&self, name: &str) -> u64 {
        let text = reqwest::get(format!("{}/metrics", self.admin))
            .await
            .expect("metrics");
        let text = text.text().await.expect("text");
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let value = match rest.strip_prefix('{') {
                Some(labelled) => labelled.split_once('}')?.1,
                None => rest,
            };
            value.trim().parse::<f64>().ok()
        });
        values.map(|value| value as u64).sum()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        for folder in self.owned.iter().chain([&self.folder]) {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
