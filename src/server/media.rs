//! Media types of stored files, by extension.

use crate::spec::Format;

/// What is neither picture nor listed below.
const UNKNOWN: &str = "application/octet-stream";

/// Extensions in lower case, sorted.
const TYPES: [(&str, &str); 50] = [
    ("3gp", "video/3gpp"),
    ("aac", "audio/aac"),
    ("aif", "audio/aiff"),
    ("aiff", "audio/aiff"),
    ("avi", "video/x-msvideo"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("eot", "application/vnd.ms-fontobject"),
    ("eps", "application/postscript"),
    ("flac", "audio/flac"),
    ("flv", "video/x-flv"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/x-m4v"),
    ("md", "text/markdown"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpd", "application/dash+xml"),
    ("mpeg", "video/mpeg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/opus"),
    ("otf", "font/otf"),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("rtf", "application/rtf"),
    ("srt", "application/x-subrip"),
    ("ts", "video/mp2t"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("vtt", "text/vtt"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The media type for a stored file's extension.
pub(super) fn of_extension(extension: Option<&str>) -> &'static str {
    let Some(extension) = extension else {
        return UNKNOWN;
    };
    if let Some(format) = Format::from_extension(extension) {
        return format.media_type();
    }
    let lower = extension.to_ascii_lowercase();
    TYPES
        .binary_search_by_key(&lower.as_str(), |(extension, _)| extension)
        .ok()
        .and_then(|at| TYPES.get(at))
        .map_or(UNKNOWN, |(_, media)| media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found() {
        assert!(TYPES.is_sorted_by_key(|(extension, _)| extension));
        for (extension, media) in [
            (Some("JPG"), "image/jpeg"),
            (Some("pdf"), "application/pdf"),
            (Some("MP4"), "video/mp4"),
            (Some("3gp"), "video/3gpp"),
            (Some("zip"), "application/zip"),
            (Some("exe"), UNKNOWN),
            (Some(""), UNKNOWN),
            (None, UNKNOWN),
        ] {
            assert_eq!(of_extension(extension), media, "{extension:?}");
        }
    }
}
