//! Do codecs that cannot be asked to stop work in processes that can be killed, and is nothing else different then?

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cldgate::plan::{Encode, Size};
use cldgate::render::{self, Budget, Error, Rendered, WorkerCounters, Workers};
use cldgate::spec::{Format, Progressive};

use crate::gateway::{Gateway, cldgate, command, photos, scratch};
use crate::render::sources::{Picture, encode, plan};

fn workers() -> Arc<Workers> {
    Workers::new(PathBuf::from(env!("CARGO_BIN_EXE_cldgate")))
}

fn made(source: &[u8], how: &Encode, budget: &Budget) -> Result<Rendered, Error> {
    let size = render::probe(source)?.size;
    render::run(&plan(size, &[], how.clone()), source, budget)
}

/// Something to compress.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let picture = Picture::new(width, height, |x, y| {
        let bands = (x / 64 + y / 48) % 5 * 50;
        [(x / 14) as u8, (y / 10) as u8, bands as u8, 255]
    });
    picture.plain_png()
}

/// One that is over the bounds of AVIF.
fn large() -> Vec<u8> {
    picture(2600, 1600)
}

#[test]
fn a_long_job_has_a_process_and_the_same_result() {
    let here = Budget::unlimited();
    let in_scans = Encode {
        progressive: Progressive::On,
        ..encode(Format::Jpeg, 80)
    };
    // Reading a WebP of the second size would not take long, and a JPEG can be stopped.
    for (source, written, reads) in [
        (large(), encode(Format::Avif, 50), 1),
        (picture(2100, 1500), encode(Format::WebP, 100), 0),
        (picture(3400, 2400), encode(Format::WebP, 75), 1),
        (picture(3400, 2400), in_scans, 0),
    ] {
        let (format, quality) = (written.format, written.quality);
        let workers = workers();
        let budget = Budget::unlimited().with_workers(Some(workers.clone()));
        let expected = made(&source, &written, &here).unwrap().body;
        let apart = made(&source, &written, &budget).unwrap().body;
        assert!(apart == expected, "{format:?} {quality} differs");
        let mut counters = WorkerCounters {
            started: 1,
            ..WorkerCounters::default()
        };
        assert_eq!(workers.counters(), counters, "{format:?} {quality}");

        let bitmap = encode(Format::Bmp, 80);
        let read_here = made(&expected, &bitmap, &here).unwrap().body;
        let read_apart = made(&expected, &bitmap, &budget).unwrap().body;
        assert!(
            read_apart == read_here,
            "{format:?} {quality} reads otherwise"
        );
        counters.started += reads;
        assert_eq!(workers.counters(), counters, "{format:?} {quality}");
    }
}

#[test]
fn a_short_job_has_none() {
    let workers = workers();
    let budget = Budget::unlimited().with_workers(Some(workers.clone()));
    let source = Picture::gradient(400, 300).plain_png();
    for format in [Format::Avif, Format::WebP] {
        let file = made(&source, &encode(format, 80), &budget).unwrap().body;
        made(&file, &encode(Format::Bmp, 80), &budget).unwrap();
    }
    assert_eq!(workers.counters(), WorkerCounters::default());
}

#[test]
fn what_the_codec_says_in_a_process_is_what_it_says_here() {
    let source = large();
    let here = Budget::unlimited();
    let whole = made(&source, &encode(Format::Avif, 50), &here).unwrap();
    // The container stays as it is, what the codec reads first does not.
    let mut broken = whole.body.to_vec();
    let data = broken.windows(4).position(|four| four == b"mdat").unwrap() + 4;
    broken[data..data + 8].fill(0xff);
    let expected = made(&broken, &encode(Format::Bmp, 80), &here).err();
    assert!(
        matches!(expected, Some(Error::BadSource { .. })),
        "{expected:?}"
    );
    let workers = workers();
    let budget = here.with_workers(Some(workers.clone()));
    let apart = made(&broken, &encode(Format::Bmp, 80), &budget).err();
    assert_eq!(apart, expected);
    assert_eq!(
        (workers.counters().started, workers.counters().failed),
        (1, 0)
    );
}

#[test]
fn a_program_that_is_not_there_costs_only_the_process() {
    let workers = Workers::new("/nowhere/cldgate".into());
    let budget = Budget::unlimited().with_workers(Some(workers.clone()));
    let source = large();
    let file = made(&source, &encode(Format::Avif, 50), &budget).unwrap();
    assert_eq!(file.size, Size::new(2600, 1600));
    let failed = WorkerCounters {
        failed: 1,
        ..WorkerCounters::default()
    };
    assert_eq!(workers.counters(), failed);
}

#[cfg(unix)]
#[test]
fn a_program_that_answers_nonsense_is_an_error_of_the_codec() {
    let source = large();
    let answers = [
        ("exit 3", "exit status: 3"),
        ("printf nonsense", "no message of this version of cldgate"),
        ("printf 'cldcodc\\003\\007'", "unknown answer"),
    ];
    for (does, says) in answers {
        let folder = scratch("codec");
        let script = folder.join("program");
        std::fs::write(&script, format!("#!/bin/sh\n{does}\n")).unwrap();
        let made_one = Command::new("chmod").arg("+x").arg(&script).status();
        assert!(made_one.unwrap().success());
        let workers = Workers::new(script);
        let budget = Budget::unlimited().with_workers(Some(workers.clone()));
        let lost = made(&source, &encode(Format::Avif, 50), &budget).unwrap_err();
        let Error::CodecLost { format, reason } = &lost else {
            panic!("{lost:?}");
        };
        assert_eq!(*format, Format::Avif);
        assert!(reason.contains(says), "{does}: {reason}");
        assert_eq!(workers.counters().failed, 1);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// Codecs' processes whose parent is this one, and whatever of its children has ended and was not asked for.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_child = |pid: &u32| {
        // Between its start and its own program it looks like its parent.
        let of = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name: the state, then the parent.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = fields.split_whitespace();
        let ended = fields.next() == Some("Z");
        fields.next() == Some(parent.to_string().as_str()) && (ended || of == b"cldgate\0codec\0")
    };
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

/// Waits until the gateway has this many processes.
#[cfg(target_os = "linux")]
async fn until_children(gateway: &Gateway, count: usize) -> Vec<u32> {
    for _ in 0..3000 {
        let now = children(gateway.pid());
        if now.len() == count {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never {count} processes; the log:\n{}", gateway.log());
}

#[cfg(target_os = "linux")]
fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

/// A picture that takes its codec a while.
const LONG: &str = "/demo/image/upload/c_scale,w_4000/f_avif/sample.jpg";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn when_nobody_waits_any_more_no_process_is_left() {
    let gateway = Arc::new(Gateway::demo(""));
    let client = {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.get(LONG).await })
    };
    let process = until_children(&gateway, 1).await;
    let environment = std::fs::read(format!("/proc/{}/environ", process[0])).unwrap();
    assert_eq!(environment, b"", "secrets may be in the environment");
    // It cannot end by itself any more.
    signal("-STOP", process[0]);
    client.abort();
    until_children(&gateway, 0).await;
    // The thread that waited for it is free, and the next who asks has the picture made.
    for _ in 0..3000 {
        if gateway.counter("cldgate_pool_running").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(gateway.counter("cldgate_pool_running").await, 0);
    assert_eq!(
        gateway
            .counter("cldgate_codec_processes_killed_total")
            .await,
        1
    );
    assert_eq!(
        gateway
            .counter("cldgate_codec_processes_failed_total")
            .await,
        0
    );
    assert_eq!(gateway.get(LONG).await.status(), 200);
    assert_eq!(
        gateway
            .counter("cldgate_codec_processes_started_total")
            .await,
        2
    );
    assert!(children(gateway.pid()).is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_dies_is_one_answer_and_not_the_gateway() {
    let gateway = Arc::new(Gateway::demo(""));
    let client = {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.get(LONG).await })
    };
    let process = until_children(&gateway, 1).await;
    signal("-STOP", process[0]);
    signal("-ABRT", process[0]);
    signal("-CONT", process[0]);
    let answer = client.await.unwrap();
    assert_eq!(answer.status(), 500);
    let reason = answer.headers()["x-cld-error"].to_str().unwrap().to_owned();
    assert!(
        reason.starts_with("avif codec ended without a result: signal: 6"),
        "{reason}"
    );
    assert_eq!(
        gateway
            .counter("cldgate_codec_processes_failed_total")
            .await,
        1
    );
    // A crash is not remembered as the picture's fault.
    assert_eq!(gateway.get(LONG).await.status(), 200);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn processes_end_with_the_gateway() {
    let gateway = Arc::new(Gateway::demo(""));
    let client = {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            let request = reqwest::get(format!("{}{LONG}", gateway.base));
            let _broken = request.await;
        })
    };
    let process = until_children(&gateway, 1).await;
    // It has read its job, so it has told the system whom it ends with: that comes first.
    let limits = format!("/proc/{}/limits", process[0]);
    let bound = |limits: &str| {
        let space = limits
            .lines()
            .find(|line| line.starts_with("Max address space"));
        space.is_some_and(|line| !line.contains("unlimited"))
    };
    for _ in 0..3000 {
        if bound(&std::fs::read_to_string(&limits).unwrap()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let place = format!("/proc/{}/cmdline", process[0]);
    signal("-STOP", process[0]);
    signal("-KILL", gateway.pid());
    client.await.unwrap();
    // It is somebody else's child now, who may not have asked for it yet: an ended one has no command line.
    for _ in 0..3000 {
        if std::fs::read(&place).is_ok_and(|of| !of.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    assert!(std::fs::read(&place).unwrap_or_default().is_empty());
}

/// What the process says to such a job.
fn given(job: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut process = command()
        .arg("codec")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It need not take all of it.
    let _sent = process.stdin.take().unwrap().write_all(job);
    let output = process.wait_with_output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), output.stdout, says)
}

#[test]
fn what_is_no_job_is_refused() {
    let (code, answer, says) = given(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert_eq!((code, answer.as_slice()), (Some(2), &[][..]));
    assert_eq!(
        says,
        "cldgate codec: no message of this version of cldgate\n"
    );
    let (code, answer, says) = given(b"cldcodc");
    assert_eq!((code, answer.as_slice()), (Some(1), &[][..]), "{says}");
    assert!(!says.contains("panicked"), "{says}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_says_that_there_is_nothing_to_type() {
    // Gives its command a terminal.
    let told = Command::new("script")
        .args([
            "-qec",
            concat!(env!("CARGO_BIN_EXE_cldgate"), " codec"),
            "/dev/null",
        ])
        .stdin(Stdio::null())
        .output();
    let Ok(told) = told else {
        println!("skipped: script is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(
        text.contains("cldgate codec: is started by the gateway"),
        "{text}"
    );
    assert_eq!(told.status.code(), Some(2));
}

#[test]
fn nobody_is_told_of_the_command() {
    let help = cldgate(&["--help"]).stdout;
    assert!(!String::from_utf8_lossy(&help).contains("codec"));
    let folder = scratch("codec-pages");
    cldgate(&["generate", folder.to_str().unwrap()]);
    let mut read = 0;
    for part in ["completions", "man"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            let text = std::fs::read_to_string(file.path()).unwrap();
            assert!(!name.contains("codec") && !text.contains("codec"), "{name}");
            read += 1;
        }
    }
    assert!(read > 10, "only {read} files were read");
    let _removed = std::fs::remove_dir_all(folder);
}

#[test]
fn a_command_that_renders_uses_processes_too() {
    let folder = scratch("codec-render");
    let config = folder.join("cldgate.toml");
    std::fs::write(&config, crate::gateway::caching_config(&photos(), "", "")).unwrap();
    let file = folder.join("out.avif");
    let output = cldgate(&[
        "render",
        "--config",
        config.to_str().unwrap(),
        LONG,
        "-o",
        file.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{output:?}");
    let facts = render::probe(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((facts.format, facts.size.width), (Format::Avif, 4000));
    let _removed = std::fs::remove_dir_all(folder);
}
