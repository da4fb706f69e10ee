//! Real URLs, where a folder of them is at hand: `CLDGATE_CORPUS` names it. They are not ours to keep in the repository.

use std::path::PathBuf;

use cldgate_grammar::{ErrorKind, Options, UrlText, parse};
use serde_json::Value;

use super::corpus::is_url;

fn lines(name: &str) -> Vec<String> {
    let Some(folder) = std::env::var_os("CLDGATE_CORPUS") else {
        println!("CLDGATE_CORPUS is not set: {name} not read");
        return Vec::new();
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap();
    text.lines()
        .filter(|line| is_url(line))
        .map(str::to_owned)
        .collect()
}

/// Lines that the service refuses as well.
const WRONG_VALUES: &[&str] = &[
    // A test of its error message.
    "w_abc",
    // Options of a video codec and of tag helpers, taken from tests for transformations; no colour, no size.
    "b_frames",
    "h_height:250",
    "w_width:100",
    // The inside of a slideshow's fn_render, cut out of it.
    "w_352;h_240;",
];

#[test]
fn parse_as_the_rules_say() {
    for name in ["urls-dev.txt", "urls-dev-rest.txt", "urls-dev-cname.txt"] {
        for line in lines(name) {
            let text = UrlText::new(&line);
            match parse(&text, &Options::default()) {
                Ok(tree) => {
                    assert!(
                        tree.head.host.is_some()
                            && (tree.asset.remote.is_some() || !tree.asset.public_id.is_empty())
                    );
                    // Nothing is lost: the parts put together again are the path, but for doubled slashes.
                    let path = |url: &str| UrlText::new(url).path().replace("//", "/");
                    assert_eq!(path(&tree.to_written()), path(&line));
                    for component in &tree.chain {
                        assert!(!component.params.is_empty(), "{line}");
                    }
                }
                Err(error) => assert!(
                    WRONG_VALUES.iter().any(|wrong| line.contains(wrong)),
                    "{error:#}"
                ),
            }
        }
    }
}

#[test]
fn transformations_have_no_unknown_key() {
    for line in lines("transformations-dev.txt") {
        let url = format!("/demo/image/upload/{line}/sample");
        let text = UrlText::new(&url);
        match parse(&text, &Options::default()) {
            // A slash in a text, encoded once, separates: what follows it begins the ID.
            Ok(tree) if line.starts_with("l_text:test %2F") => {
                assert_eq!(tree.asset.public_id, " 火/sample")
            }
            Ok(tree) => assert_eq!(tree.asset.public_id, "sample", "{line}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error:#}");
                assert!(
                    WRONG_VALUES.iter().any(|wrong| line.starts_with(wrong)),
                    "{error:#}"
                );
            }
        }
    }
}

#[test]
fn splits_agree_with_another_parser() {
    for line in lines("vectors-dev.jsonl") {
        let vector: Value = serde_json::from_str(&line).unwrap();
        let text = UrlText::new(vector["url"].as_str().unwrap());
        let url = parse(&text, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
        let expect = &vector["expect"];
        let word = |key: &str| expect[key].as_str();
        assert_eq!(url.head.host, word("host"));
        assert_eq!(url.head.cloud_name, word("cloudName"), "{line}");
        assert_eq!(
            url.head.version.map(|version| version.number),
            expect["version"].as_u64()
        );
        let id = url.asset.remote.as_deref().unwrap_or(&url.asset.public_id);
        assert_eq!(Some(id), word("publicId"), "{line}");
        assert_eq!(
            url.asset
                .extension
                .map(|extension| format!(".{extension}"))
                .as_deref(),
            word("format")
        );
        let signature = url
            .head
            .signature
            .map(|signature| format!("s--{}--", signature.text));
        assert_eq!(signature.as_deref(), word("signature"));
        assert_eq!(url.head.seo_suffix, word("seoSuffix"));
        // It names the SEO word as the asset type.
        let asset = word("assetType").unwrap().trim_end_matches('s');
        assert_eq!(url.head.asset_type.as_str(), asset);
        let components: Vec<_> = url.chain.iter().map(|component| component.text).collect();
        let expected: Vec<_> = expect["transformations"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(components, expected);
    }
}

#[test]
fn invalid_ones_are_refused() {
    for line in lines("urls-dev-invalid.txt") {
        let text = UrlText::new(&line);
        // That a version must be there is a rule of one helper only.
        let allowed = line.ends_with("/turtle");
        assert_eq!(parse(&text, &Options::default()).is_ok(), allowed, "{line}");
    }
}
