//! Lines of logs to the URLs that were asked for.
//!
//! Each line is told by its own shape, so that a log whose format changes halfway, or that two
//! servers wrote, is read to its end. What must be known of earlier lines is only which columns a
//! `#Fields:` line names.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _};

use serde_json::{Map, Value};

/// Longest line that is read, in bytes; of longer ones nothing is kept.
pub const MAX_LINE: usize = 256 * 1024;

/// Deepest object in a JSON line that is looked into.
const MAX_DEPTH: usize = 3;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A URL or path was asked for, by `GET` or `HEAD` where the line tells.
    Url(Cow<'a, str>),
    /// It was asked for by another method: never a delivery.
    OtherMethod,
    /// A blank line, a comment, a header.
    Nothing,
    /// No URL was found.
    Unread,
}

/// Reads line by line.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    columns: Columns,
}

/// Where a tab-separated log keeps what is needed.
#[derive(Clone, Copy, Debug)]
struct Columns {
    method: Option<usize>,
    path: usize,
    query: Option<usize>,
    /// What the client asked for, before what the server calls itself.
    hosts: [Option<usize>; 2],
}

impl Default for Columns {
    /// `CloudFront`'s standard order.
    fn default() -> Self {
        Self {
            method: Some(5),
            path: 7,
            query: Some(11),
            hosts: [Some(15), Some(6)],
        }
    }
}

/// Gives the next line without its end; `None` at the end of the input. `Some(false)`: it was too
/// long, and `line` holds only its beginning.
///
/// # Errors
/// What the input says.
pub fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() >= MAX_LINE {
        input.skip_until(b'\n')?;
        return Ok(Some(false));
    }
    Ok(Some(true))
}

impl Lines {
    /// What the next line says.
    pub fn read<'a>(&mut self, line: &'a str) -> Line<'a> {
        let line = line.trim_start_matches('\u{feff}').trim();
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(names) = comment.strip_prefix("Fields:") {
                self.columns = Columns::named(names).unwrap_or_default();
            }
            return Line::Nothing;
        }
        match line.as_bytes().first() {
            None => Line::Nothing,
            Some(b'{') => json(line),
            _ if begins_url(line) => plain(line),
            _ => self
                .columns
                .read(line)
                .or_else(|| common(line))
                .or_else(|| anywhere(line))
                .unwrap_or(Line::Unread),
        }
    }
}

impl Columns {
    /// The columns that a `#Fields:` line names.
    fn named(names: &str) -> Option<Self> {
        let place = |wanted: &str| {
            names
                .split_whitespace()
                .position(|name| name.eq_ignore_ascii_case(wanted))
        };
        Some(Self {
            method: place("cs-method"),
            path: place("cs-uri-stem")?,
            query: place("cs-uri-query"),
            hosts: [place("x-host-header"), place("cs(Host)")],
        })
    }

    fn read(self, line: &str) -> Option<Line<'static>> {
        let cell = |place: usize| line.split('\t').nth(place).map(str::trim);
        let told = |place: Option<usize>| place.and_then(cell).filter(|cell| *cell != "-");
        let path = cell(self.path).filter(|path| path.starts_with('/'))?;
        if told(self.method).is_some_and(|method| !delivers(method)) {
            return Some(Line::OtherMethod);
        }
        let host = self.hosts.into_iter().find_map(told);
        let mut url = join(host, path).into_owned();
        if let Some(query) = told(self.query) {
            url.push('?');
            url.push_str(query);
        }
        Some(Line::Url(url.into()))
    }
}

/// A URL, perhaps with numbers or quoted texts behind it.
fn plain(line: &str) -> Line<'_> {
    let end = line
        .match_indices([' ', '\t'])
        .find(|(place, blank)| {
            let behind = line
                .get(place + 1..)
                .and_then(|rest| rest.split([' ', '\t']).next());
            *blank == "\t"
                || behind.is_some_and(|word| {
                    word.starts_with('"') || word == "-" || word.parse::<f64>().is_ok()
                })
        })
        .map_or(line.len(), |(place, _)| place);
    Line::Url(line.get(..end).unwrap_or(line).trim_end().into())
}

/// The Common Log Format and what extends it: the request is the quoted text behind the time. A line
/// without one (`"-"`) must not be searched further: its next URL is the referring page.
fn common(line: &str) -> Option<Line<'_>> {
    let (_, behind) = line.split_once("] \"")?;
    Some(request(quoted(behind)).unwrap_or(Line::Unread))
}

/// Any other log: a quoted request line, else a method with its target, else the first word that is
/// a URL, else the first that is a path.
fn anywhere(line: &str) -> Option<Line<'_>> {
    let mut rest = line;
    while let Some((_, behind)) = rest.split_once('"') {
        let text = quoted(behind);
        if let Some(found) = request(text) {
            return Some(found);
        }
        rest = behind.get(text.len() + 1..).unwrap_or_default();
    }
    let words = || {
        line.split_ascii_whitespace().map(|word| {
            let word = word.trim_matches(['"', '\'', '[', ']', '<', '>', '(', ')', ',', ';']);
            // `path=/…`, as key-value logs have it.
            match word.split_once('=') {
                Some((key, value)) if !key.contains(['/', '?', ':']) => value.trim_matches('"'),
                _ => word,
            }
        })
    };
    let after_method = words()
        .zip(words().skip(1))
        .find(|(method, target)| is_method(method) && begins_url(target));
    if let Some((method, target)) = after_method {
        return Some(asked(method, target));
    }
    let full = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let bare = |line: &str| !line.contains(char::is_whitespace) && line.contains('/');
    words()
        .find(full)
        .or_else(|| words().find(|word| word.starts_with('/')))
        .or_else(|| Some(line).filter(|line| bare(line)))
        .map(|url| Line::Url(url.into()))
}

/// The text up to the next quote that is not escaped.
fn quoted(text: &str) -> &str {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// `GET /path HTTP/1.1`, or as much of it as there is.
fn request(text: &str) -> Option<Line<'_>> {
    let (method, rest) = text.split_once(' ')?;
    let target = match rest.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP") => target,
        _ => rest,
    };
    (is_method(method) && begins_url(target)).then(|| asked(method, target))
}

fn asked<'a>(method: &str, target: &'a str) -> Line<'a> {
    if delivers(method) {
        Line::Url(target.into())
    } else {
        Line::OtherMethod
    }
}

fn is_method(word: &str) -> bool {
    (3..=9).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn delivers(method: &str) -> bool {
    ["GET", "HEAD"]
        .iter()
        .any(|known| method.eq_ignore_ascii_case(known))
}

fn begins_url(text: &str) -> bool {
    ["/", "http://", "https://"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn join<'a>(host: Option<&str>, path: &'a str) -> Cow<'a, str> {
    match host {
        Some(host) if path.starts_with('/') && !path.starts_with("//") => {
            format!("https://{host}{path}").into()
        }
        _ => path.into(),
    }
}

/// What a JSON line tells, under whichever names.
#[derive(Debug, Default)]
struct Told<'v> {
    /// Whole, with the rank of its key.
    url: Option<(usize, &'v str)>,
    host: Option<&'v str>,
    method: Option<&'v str>,
    query: Option<&'v str>,
}

/// Keys of what was asked for, best first; compared without case and punctuation.
const URL_KEYS: [&str; 14] = [
    "url",
    "requesturl",
    "fullurl",
    "clientrequesturl",
    "requesturi",
    "clientrequesturi",
    "request",
    "requestline",
    "uri",
    "target",
    "requestpath",
    "clientrequestpath",
    "path",
    "csuristem",
];
const HOST_KEYS: [&str; 6] = [
    "host",
    "httphost",
    "requesthost",
    "clientrequesthost",
    "xhostheader",
    "domain",
];
const METHOD_KEYS: [&str; 6] = [
    "method",
    "requestmethod",
    "httpmethod",
    "verb",
    "clientrequestmethod",
    "csmethod",
];
const QUERY_KEYS: [&str; 4] = ["query", "querystring", "args", "csuriquery"];

fn json(line: &str) -> Line<'static> {
    let Ok(Value::Object(object)) = serde_json::from_str(line) else {
        return Line::Unread;
    };
    let mut told = Told::default();
    told.collect(&object, 0);
    let Some((_, url)) = told.url else {
        return Line::Unread;
    };
    if let Some(found) = request(url) {
        return match found {
            Line::Url(path) => Line::Url(join(told.host, &path).into_owned().into()),
            _ => Line::OtherMethod,
        };
    }
    if told.method.is_some_and(|method| !delivers(method)) {
        return Line::OtherMethod;
    }
    let mut url = join(told.host, url).into_owned();
    if let Some(query) = told.query
        && !url.contains('?')
    {
        url.push('?');
        url.push_str(query.trim_start_matches('?'));
    }
    Line::Url(url.into())
}

impl<'v> Told<'v> {
    fn collect(&mut self, object: &'v Map<String, Value>, depth: usize) {
        for (key, value) in object {
            match value {
                Value::String(text) if !text.is_empty() && text != "-" => self.take(key, text),
                Value::Object(inner) if depth < MAX_DEPTH => self.collect(inner, depth + 1),
                _ => {}
            }
        }
    }

    fn take(&mut self, key: &str, text: &'v str) {
        let key: String = key
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let rank = URL_KEYS.iter().position(|known| *known == key);
        if let Some(rank) = rank {
            let text = text.trim();
            let fits = begins_url(text) || request(text).is_some();
            if fits && self.url.is_none_or(|(best, _)| rank < best) {
                self.url = Some((rank, text));
            }
        } else if HOST_KEYS.contains(&&*key) {
            self.host.get_or_insert(text);
        } else if METHOD_KEYS.contains(&&*key) {
            self.method.get_or_insert(text);
        } else if QUERY_KEYS.contains(&&*key) {
            self.query.get_or_insert(text);
        }
    }
}
