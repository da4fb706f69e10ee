//! What must hold for any URL text: shared by the fuzz targets and the test that replays their finds.

use cldgate_grammar::{HeadRule, Limits, Options, UrlText, parse, parse_chain, split};

/// No text makes the parser panic, and what it says of places lies inside the text.
pub fn parses_or_points(url: &str) {
    let text = UrlText::new(url);
    for head in [
        HeadRule::Guess,
        HeadRule::FromPath,
        HeadRule::Absent,
        HeadRule::Fixed("demo"),
    ] {
        let options = Options {
            head,
            ..Options::default()
        };
        let parts = split(&text, &options);
        match parse(&text, &options) {
            Ok(tree) => {
                assert!(parts.is_ok(), "what parses can be split");
                for component in &tree.chain {
                    assert_eq!(
                        text.path()
                            .get(component.span.start as usize..component.span.end as usize),
                        Some(component.text)
                    );
                }
                assert!(
                    text.raw().get(text.raw_span(tree.asset.span)).is_some(),
                    "the asset lies in the URL"
                );
                let _ = tree.tree();
            }
            Err(error) => {
                let span = error.span();
                assert!(
                    span.start <= span.end && span.end <= url.len(),
                    "{span:?} of {} bytes",
                    url.len()
                );
                let _ = format!("{error:#}");
            }
        }
    }
    let _ = parse_chain(&UrlText::chain(url), &Limits::default());
}

/// Printing and reading again gives the same tree; the canonical form is stable.
pub fn prints_and_parses(url: &str) {
    let options = Options::default();
    let text = UrlText::new(url);
    let Ok(tree) = parse(&text, &options) else {
        return;
    };
    let roomy = Options {
        limits: Limits {
            url_bytes: Limits::HARD_URL_BYTES,
            ..Limits::default()
        },
        ..options
    };

    let written = tree.to_written();
    let again = UrlText::new(&written);
    match parse(&again, &roomy) {
        Ok(second) => assert_eq!(tree.tree(), second.tree(), "as written: {written}"),
        Err(error) => panic!("as written: {error:#}"),
    }

    let canonical = tree.to_canonical();
    let again = UrlText::new(&canonical);
    match parse(&again, &roomy) {
        Ok(second) => assert_eq!(canonical, second.to_canonical(), "canonical"),
        Err(error) => panic!("canonical: {error:#}"),
    }
}
