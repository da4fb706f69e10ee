//! Printing and parsing are each other's inverse, for URLs put together at random from all that the tables know.

use cldgate_grammar::params::{EFFECTS, PARAMS};
use cldgate_grammar::{Options, UrlText, parse};
use proptest::prelude::*;

use super::fuzz_replay::checks;

fn param() -> impl Strategy<Value = String> {
    let examples: Vec<String> = PARAMS
        .iter()
        .map(|row| row.example)
        .chain(EFFECTS.iter().map(|row| row.example))
        .map(str::to_owned)
        .collect();
    prop_oneof![
        4 => prop::sample::select(examples),
        2 => (prop::sample::select(vec!["w", "h", "x", "y", "z", "o", "dpr", "ar", "so"]), "[1-9][0-9]{0,6}(\\.[0-9]{1,5})?").prop_map(|(key, number)| format!("{key}_{number}")),
        1 => "w_(iw|ih|\\$a|[0-9]{1,3})(_(add|sub|mul|div|pow|mod)_(w|h|\\$b|[0-9]{1,3}(\\.[0-9])?)){1,4}",
        1 => "l_text:[A-Za-z ]{1,8}_[0-9]{1,2}(_bold)?:[^/]{1,20}".prop_map(|text| text.replace('\0', "")),
        1 => "(co|b)_(rgb:([0-9a-fA-F]{3}|[0-9A-F]{8})|[Rr]ed|gray[0-9]|transparent)",
    ]
}

fn url() -> impl Strategy<Value = String> {
    let component = prop::collection::vec(param(), 1..5).prop_map(|params| params.join(","));
    (
        prop::sample::select(vec![
            "",
            "https://res.cloudinary.com",
            "//res-2.cloudinary.com",
        ]),
        prop::sample::select(vec![
            "/demo/image/upload",
            "/demo/video/upload",
            "/demo/iu",
            "/demo/images",
            "/demo/image/fetch",
            "/demo/raw/private",
        ]),
        prop::option::of("s--[A-Za-z0-9_-]{8}--"),
        prop::collection::vec(component, 0..5),
        prop::option::of("v[0-9]{1,12}"),
        prop::sample::select(vec![
            "a.jpg",
            "folder/b.c.png",
            "caf%C3%A9/x",
            "https://site.example//a.png",
            "50%25.webp",
            "a b",
        ]),
        prop::sample::select(vec!["", "?_a=B", "?x=1&__cld_token__=hmac=1"]),
    )
        .prop_map(|(host, types, signature, components, version, id, query)| {
            let segments = signature
                .into_iter()
                .chain(components)
                .chain(version)
                .chain([id.to_owned()]);
            format!(
                "{host}{types}/{}{query}",
                segments.collect::<Vec<_>>().join("/")
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn print_then_parse_is_the_same_tree(url in url()) {
        checks::parses_or_points(&url);
        checks::prints_and_parses(&url);
    }

    #[test]
    fn any_text_is_read_or_refused(url in "\\PC{0,200}") {
        checks::parses_or_points(&url);
        checks::prints_and_parses(&format!("/demo/image/upload/{url}/x"));
    }
}

#[test]
fn canonical_form_folds_what_means_the_same() {
    let same = |one: &str, other: &str| {
        let print = |component: &str| {
            let url = format!("/demo/image/upload/{component}/x.jpg");
            parse(&UrlText::new(&url), &Options::default())
                .unwrap()
                .to_canonical()
        };
        assert_eq!(print(one), print(other));
    };
    same("w_300,c_fill", "c_fill,w_300");
    same("w_0300", "w_300");
    same("z_1.50", "z_1.5");
    same("q_auto,f_auto,q_80", "f_auto,q_80");
    same("b_rgb:FfF", "b_rgb:ffffff");
    same("co_RED,l_text:a_1:x", "l_text:a_1:x,co_red");
    same("so_35%25", "so_35p");
    same("c_fill%2Cw_10", ",c_fill,,w_10,");
    same("bo_05px_solid_Blue", "bo_5px_solid_blue");
}
