//! From text to [`Config`], gathering every problem on the way.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use toml::de::DeTable;

use super::overrides::{self, Override};
use super::problem::{Fault, Problems, Sink, nearest};
use super::section::{Context, Section};
use super::unit::{Bytes, Time};
use super::value as v;
use super::{
    CACHE_CONTROL, Config, Dialect, Endpoint, FallbackOn, Limits, Log, LogFormat, OnUnsupported,
    OriginErrors, Rate, Reading, Render, SecretName, Server, TOKEN_KEY, Tls, cache, origin, store,
    telemetry,
};
use crate::dialect::token;
use crate::plan::{self, Scaling};
use crate::render;
use crate::spec::{Level, Quality};

/// Most `[[origin]]` and `[[endpoint]]` sections: each costs a little on every request.
const MAX_SECTIONS: usize = 1000;

pub(super) fn read(name: &str, text: &str, folder: &Path, overrides: &[Override]) -> Reading {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    let context = Context {
        sink: Sink::new(text, overrides),
        asked: RefCell::default(),
    };
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        context.sink.add(at, Fault::new(error.message().trim()));
    }
    overrides::apply(table.get_mut(), overrides, &context.sink);
    let config = config(&context, table.get_ref(), folder);
    let list = context.sink.into_list();
    let result = match config {
        Some(config) if list.is_empty() => Ok(config),
        _ => Err(Problems {
            file: name.to_owned(),
            list,
        }),
    };
    Reading {
        result,
        keys: context.asked.into_inner(),
    }
}

fn config<'t>(context: &Context<'t>, table: &DeTable<'t>, folder: &Path) -> Option<Config> {
    let mut root = Section::root(context, table);
    let listen = root.or("listen", v::address, ([127, 0, 0, 1], 8080).into());
    let admin = root.get("admin", v::address);
    if admin.is_some_and(|admin| admin == listen && admin.port() != 0) {
        let fault = Fault::new("`admin` is the same address as `listen`");
        root.wrong(
            Some("admin"),
            fault.hint("operators have a port of their own"),
        );
    }
    let config = Config {
        listen,
        admin,
        server: server(root.table("server", "server")),
        tls: tls(&mut root, folder),
        log: log(root.table("log", "log")),
        telemetry: telemetry::read(root.table("telemetry", "telemetry")),
        limits: limits(root.table("limits", "limits")),
        render: pool(root.table("render", "render")),
        cache: cache::read(root.table("cache", "cache"), folder),
        fonts: super::fonts::read(root.table("fonts", "fonts"), folder),
        origins: Vec::new(),
        endpoints: Vec::new(),
        codec_program: None,
    };
    let origins = root.tables("origin");
    let endpoints = root.tables("endpoint");
    if endpoints.is_empty() && !root.has("endpoint") {
        let fault = Fault::new("there is no [[endpoint]]: no URL would be answered");
        root.wrong(None, fault.hint("see cldgate.example.toml"));
    }
    for (what, sections) in [("origin", &origins), ("endpoint", &endpoints)] {
        if sections.len() > MAX_SECTIONS {
            let fault = format!("more than {MAX_SECTIONS} [[{what}]] sections");
            root.wrong(Some(what), Fault::new(fault));
            return None;
        }
    }
    let mut names = Names::default();
    let origins: Vec<_> = origins
        .into_iter()
        .map(|section| origin::read(section, folder, &mut names))
        .collect();
    let endpoints: Vec<_> = endpoints
        .into_iter()
        .map(|section| endpoint(section, folder, &mut names))
        .collect();
    root.finish();
    Some(Config {
        origins: origins.into_iter().collect::<Option<_>>()?,
        endpoints: endpoints.into_iter().collect::<Option<_>>()?,
        ..config
    })
}

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names {
    pub(super) origins: BTreeSet<String>,
    /// Origins of kind `web_server`.
    pub(super) servers: BTreeSet<String>,
    endpoints: BTreeSet<String>,
    /// Host (empty: every host) and prefix.
    places: BTreeSet<(String, String)>,
}

/// Reads `name`, which no other section of its kind may have.
pub(super) fn name(section: &mut Section<'_, '_>, taken: &mut BTreeSet<String>) -> Option<String> {
    let title = section.title();
    let name = section.need("name", v::header, "name = \"…\", for logs and metrics")?;
    if !taken.insert(name.clone()) {
        let fault = Fault::new(format!("there is another {title} with the name `{name}`"));
        section.wrong(Some("name"), fault);
        return None;
    }
    Some(name)
}

fn server(mut section: Section<'_, '_>) -> Server {
    let server = Server {
        drain: section.or("drain", |value| v::time(value, 0, 3600), Time::seconds(10)),
        header_timeout: section.or(
            "header_timeout",
            |value| v::time(value, 1, 3600),
            Time::seconds(30),
        ),
        header_bytes: section.or("header_bytes", v::bytes, Bytes(64 << 10)),
        stall_timeout: section.or(
            "stall_timeout",
            |value| v::time(value, 1, 3600),
            Time::seconds(30),
        ),
        connections: section.or(
            "connections",
            |value| v::number(value, 1, 1_000_000),
            16_384,
        ),
        client_rate: section.or("client_rate", v::rate, Rate::default()),
        client_header: section.get("client_header", v::header_name),
    };
    let (least, most) = (Bytes(8 << 10), Bytes(1 << 20));
    if !(least..=most).contains(&server.header_bytes) {
        let fault = Fault::new(format!("`header_bytes` must be from {least} to {most}"));
        section.wrong(Some("header_bytes"), fault);
    }
    section.finish();
    server
}

/// Without the section plain connections alone.
fn tls(root: &mut Section<'_, '_>, folder: &Path) -> Option<Tls> {
    let is_there = root.has("tls");
    let mut section = root.table("tls", "tls");
    if !is_there {
        // Looked through all the same: the keys are known.
        for key in ["listen", "certificate", "key"] {
            section.get(key, v::text);
        }
        return None;
    }
    let listen = section.need("listen", v::address, "listen = \"0.0.0.0:443\"");
    let certificate = section.need("certificate", v::text, "certificate = \"cert.pem\"");
    let key = section.need("key", v::text, "key = \"key.pem\"");
    section.finish();
    Some(Tls {
        listen: listen?,
        certificate: folder.join(certificate?),
        key: folder.join(key?),
    })
}

fn log(mut section: Section<'_, '_>) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log = Log {
        format: section.or("format", |value| v::word(value, &formats), LogFormat::Text),
        access: section.or("access", v::flag, true),
    };
    section.finish();
    log
}

fn limits(mut section: Section<'_, '_>) -> Limits {
    let default = plan::Limits::default();
    let pixels = |value: &_| v::number(value, 1, 1 << 32);
    let limits = Limits {
        source_bytes: section.or("source_bytes", v::bytes, Bytes(default.source_bytes)),
        source_pixels: section.or("source_pixels", pixels, default.source_pixels),
        frame_pixels: section.or("frame_pixels", pixels, default.frame_pixels),
        output_pixels: section.or("output_pixels", pixels, default.output_pixels),
        chain_length: section.or(
            "chain_length",
            |value| v::number(value, 1, 10_000),
            default.ops as u64,
        ),
        render_time: section.or(
            "render_time",
            |value| v::time(value, 1, 3600),
            Time::seconds(30),
        ),
    };
    section.finish();
    limits
}

fn pool(mut section: Section<'_, '_>) -> Render {
    let default = render::Config::default();
    let threads = section.or(
        "threads",
        |value| v::number(value, 1, 1024),
        default.threads.get() as u64,
    );
    let queue = section.or(
        "queue",
        |value| v::number(value, 1, 1_000_000),
        threads.saturating_mul(16),
    );
    let memory = section.or("memory", v::bytes, Bytes(2 << 30));
    section.finish();
    Render {
        threads,
        queue,
        memory,
    }
}

/// The shortest and the longest time that an origin can ask for.
fn cache_control_bounds(section: &mut Section<'_, '_>) -> (Time, Time) {
    const YEAR: u64 = 365 * 86_400;
    let mut time = |key, default| section.or(key, |value| v::time(value, 0, YEAR), default);
    let least = time("cache_control_least", Time::seconds(0));
    let most = time("cache_control_most", Time::seconds(YEAR));
    if least > most {
        let fault = Fault::new("`cache_control_least` is longer than `cache_control_most`");
        section.wrong(Some("cache_control_least"), fault);
    }
    (least, most)
}

fn endpoint(mut section: Section<'_, '_>, folder: &Path, names: &mut Names) -> Option<Endpoint> {
    let name = name(&mut section, &mut names.endpoints);
    let prefix = section.or("prefix", v::prefix, String::new());
    let hosts = section.or("hosts", |value| v::list(value, v::host), Vec::new());
    place(&section, &prefix, &hosts, &mut names.places);
    let cloud_name = section.get("cloud_name", v::header);
    if cloud_name.is_some() && !prefix.is_empty() {
        let fault = Fault::new("`cloud_name` is for endpoints without `prefix`");
        section.wrong(
            Some("cloud_name"),
            fault.hint("the prefix is the cloud name"),
        );
    }
    let dialect = section.or("dialect", dialect, Dialect::Cloudinary);
    let origins = section.need(
        "origins",
        |value| v::list(value, v::text),
        "origins = [\"…\"], names of [[origin]] sections in the order of preference",
    );
    for asked in origins.iter().flatten() {
        if !names.origins.contains(asked) {
            let mut fault =
                Fault::new(format!("`origins` names `{asked}`, which is no [[origin]]"));
            fault.hint = nearest(asked, names.origins.iter().map(String::as_str));
            section.wrong(Some("origins"), fault);
        }
    }
    let (cache_control_least, cache_control_most) = cache_control_bounds(&mut section);
    if origins.as_ref().is_some_and(Vec::is_empty) {
        section.wrong(
            Some("origins"),
            Fault::new("`origins` is empty: nothing would be found"),
        );
    }
    let writable = super::writable();
    let endpoint = Endpoint {
        name: name.unwrap_or_default(),
        prefix,
        hosts,
        cloud_name,
        dialect,
        origins: origins.unwrap_or_default(),
        on_unsupported: section.or("on_unsupported", on_unsupported, OnUnsupported::Ignore),
        upstream: section.get("upstream", v::text),
        default_image: section.get("default_image", v::public_id),
        fallback_on: section.or(
            "fallback_on",
            |value| v::list(value, fallback_on),
            Vec::new(),
        ),
        origin_errors: section.or("origin_errors", origin_errors, OriginErrors::Status),
        signing_secret: store::secret(&mut section, "signing_secret", folder),
        token_key: token_key(&mut section, folder),
        token_name: section.or("token_name", v::token_name, token::NAME.to_owned()),
        cache_control: section.or("cache_control", v::header, CACHE_CONTROL.to_owned()),
        cache_control_versioned: section.get("cache_control_versioned", v::header),
        cache_control_of_origin: section.or("cache_control_of_origin", v::flag, false),
        cache_control_least,
        cache_control_most,
        f_auto: section.or(
            "f_auto",
            |value| v::modern_formats(value, &writable),
            super::f_auto(),
        ),
        quality: section.or(
            "quality",
            v::quality,
            Quality::Auto {
                level: Level::Good,
                sensitive: false,
            },
        ),
        scaling: section.or("scaling", v::scaling, Scaling::default()),
        tell_origin: section.or("tell_origin", v::flag, false),
        rate: section.or("rate", v::rate, Rate::default()),
        named_transformations: named(&mut section),
        text_styles: styles(&mut section),
    };
    upstream(&section, &endpoint, names);
    if section.or("strict_transformations", v::flag, false) {
        let fault = Fault::new("`strict_transformations` is not built in yet");
        section.wrong(
            Some("strict_transformations"),
            fault.hint("a `signing_secret` refuses wrong signatures"),
        );
    }
    section.finish();
    Some(endpoint)
}

/// Two endpoints in one place could not be told apart.
fn place(
    section: &Section<'_, '_>,
    prefix: &str,
    hosts: &[String],
    taken: &mut BTreeSet<(String, String)>,
) {
    let any = [String::new()];
    for host in if hosts.is_empty() { &any } else { hosts } {
        if !taken.insert((host.clone(), prefix.to_owned())) {
            let host = if host.is_empty() { "every host" } else { host };
            let fault = format!("another [[endpoint]] answers for {host} and prefix \"{prefix}\"");
            let key = ["prefix", "hosts"].into_iter().find(|key| section.has(key));
            section.wrong(key, Fault::new(fault));
        }
    }
}

fn dialect(value: &super::section::Value<'_>) -> v::Read<Dialect> {
    match v::word(
        value,
        &[("cloudinary", Some(Dialect::Cloudinary)), ("native", None)],
    )? {
        Some(dialect) => Ok(dialect),
        None => Err(Fault::new("\"native\" is not built in yet").hint("write \"cloudinary\"")),
    }
}

fn on_unsupported(value: &super::section::Value<'_>) -> v::Read<OnUnsupported> {
    let words = [
        ("ignore", OnUnsupported::Ignore),
        ("error", OnUnsupported::Error),
        ("upstream", OnUnsupported::Upstream),
    ];
    v::word(value, &words)
}

fn fallback_on(value: &super::section::Value<'_>) -> v::Read<FallbackOn> {
    let words = [
        ("denied", FallbackOn::Denied),
        ("timeout", FallbackOn::Timeout),
        ("failure", FallbackOn::Failure),
    ];
    v::word(value, &words)
}

fn origin_errors(value: &super::section::Value<'_>) -> v::Read<OriginErrors> {
    let words = [
        ("status", OriginErrors::Status),
        ("imagekit", OriginErrors::ImageKit),
    ];
    v::word(value, &words)
}

/// `upstream` names a web server, and both keys go together.
fn upstream(section: &Section<'_, '_>, endpoint: &Endpoint, names: &Names) {
    match (&endpoint.upstream, endpoint.on_unsupported) {
        (Some(asked), _) if !names.servers.contains(asked) => {
            let mut fault = Fault::new(format!(
                "`upstream` names `{asked}`, which is no [[origin]] of kind \"web_server\""
            ));
            fault.hint = nearest(asked, names.servers.iter().map(String::as_str));
            section.wrong(Some("upstream"), fault);
        }
        (None, OnUnsupported::Upstream) => {
            let fault = Fault::new("`on_unsupported = \"upstream\"` needs `upstream`");
            section.wrong(
                Some("on_unsupported"),
                fault.hint("upstream = \"…\", the name of an origin of kind \"web_server\""),
            );
        }
        (Some(_), OnUnsupported::Ignore | OnUnsupported::Error) => {
            let fault =
                Fault::new("`upstream` means nothing without `on_unsupported = \"upstream\"`");
            section.wrong(Some("upstream"), fault);
        }
        (Some(_), OnUnsupported::Upstream) | (None, _) => {}
    }
}

/// The name of a key for access tokens that is there now, and sound.
fn token_key(section: &mut Section<'_, '_>, folder: &Path) -> Option<SecretName> {
    let key = store::secret(section, "token_key", folder)?;
    if key
        .read()
        .is_ok_and(|text| token::Key::from_hex(&text).is_none())
    {
        section.wrong(
            Some("token_key"),
            Fault::new(format!("`token_key`: {TOKEN_KEY}")),
        );
    }
    Some(key)
}

fn named(section: &mut Section<'_, '_>) -> std::collections::BTreeMap<String, String> {
    let table = section.table("named_transformations", "endpoint.named_transformations");
    let mut named = std::collections::BTreeMap::new();
    for (name, value, at) in table.entries() {
        match value.as_str() {
            Some(chain) if !chain.is_empty() => match crate::dialect::check_chain(chain) {
                Ok(()) => {
                    named.insert(name.to_owned(), chain.to_owned());
                }
                Err(reason) => {
                    let fault = format!("named transformation `{name}`: {reason}");
                    table.wrong_at(at, Fault::new(fault));
                }
            },
            _ => {
                let fault = format!("named transformation `{name}` must be a chain in quotes");
                table.wrong_at(
                    at,
                    Fault::new(fault).hint("\"c_thumb,g_face,w_200,h_200/r_max\""),
                );
            }
        }
    }
    named
}

fn styles(section: &mut Section<'_, '_>) -> std::collections::BTreeMap<String, String> {
    let table = section.table("text_styles", "endpoint.text_styles");
    let mut styles = std::collections::BTreeMap::new();
    for (name, value, at) in table.entries() {
        let style = value.as_str().unwrap_or_default();
        if crate::dialect::is_text_style(style) {
            styles.insert(name.to_owned(), style.to_owned());
        } else {
            let fault = format!("text style `{name}` must name a font and a size, in quotes");
            table.wrong_at(at, Fault::new(fault).hint("\"Arial_40_bold,co_white\""));
        }
    }
    styles
}
