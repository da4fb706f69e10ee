//! Whether a drawing that was written anew can only show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use resvg::usvg::roxmltree;

/// Elements that are not written where a drawing is cleaned: those that run, embed or lead away.
const ACTIVE: [&str; 9] = [
    "a",
    "animate",
    "embed",
    "foreignObject",
    "iframe",
    "object",
    "script",
    "set",
    "style",
];

/// Whether a drawing has nothing that runs and names nothing outside of itself. The writer makes
/// such drawings alone; this stands behind it.
pub(super) fn only_shows(written: &str) -> bool {
    shows(written, super::embedded::MOST_DEPTH)
}

/// As [`only_shows`], with drawings inside to a depth.
fn shows(written: &str, depth: u32) -> bool {
    let Ok(document) = roxmltree::Document::parse(written) else {
        return false;
    };
    let inner = |value: &str| {
        let pictures = ["png", "jpg", "jpeg", "gif", "webp"];
        let data = value.strip_prefix("data:image/");
        value.starts_with('#')
            || data
                .and_then(|data| data.split_once(';'))
                .is_some_and(|(kind, data)| {
                    pictures.contains(&kind) || kind == "svg+xml" && drawing(data, depth)
                })
    };
    document.descendants().all(|node| {
        let element = !node.is_element() || !ACTIVE.contains(&node.tag_name().name());
        element
            && node.attributes().all(|attribute| match attribute.name() {
                "href" => inner(attribute.value()),
                name => !name.starts_with("on") && !attribute.value().contains("script:"),
            })
    })
}

/// Whether a drawing inside another, in base64, only shows as well.
fn drawing(data: &str, depth: u32) -> bool {
    let text = data
        .strip_prefix("base64,")
        .and_then(|data| STANDARD.decode(data.trim()).ok())
        .and_then(|data| String::from_utf8(data).ok());
    match (text, depth.checked_sub(1)) {
        (Some(text), Some(depth)) => shows(&text, depth),
        _ => false,
    }
}
