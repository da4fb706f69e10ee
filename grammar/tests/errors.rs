//! Errors for people and for what is made of them.

use cldgate_grammar::{
    ErrorKind, HeadRule, Limits, Options, ParamKey, SyntaxError, UrlText, parse, parse_chain, split,
};

fn refused(url: &str) -> SyntaxError {
    parse(&UrlText::new(url), &Options::default()).expect_err(url)
}

#[test]
fn place_is_in_bytes_of_the_url_as_given() {
    let place = |url: &str| {
        let error = refused(url);
        url[error.span()].to_owned()
    };
    assert_eq!(
        place("https://res.cloudinary.com/demo/image/upload/c_fill%2Cw_abc/x.jpg"),
        "abc"
    );
    assert_eq!(
        place("/demo/image/upload/l_text:a_1:%E7%81%AB,w_%61bc/x.jpg"),
        "%61bc"
    );
    assert_eq!(
        place("/demo/image/upload/l_text:a_1:%E9,w_abc/x.jpg"),
        "abc"
    );
    assert_eq!(place("/demo/image/upload/w_iw_mul_b/x"), "b");
    assert_eq!(place("/demo/image/upload/q_auto:goood/x"), "goood");
}

#[test]
fn vendor_messages_can_be_made_from_them() {
    let error = refused("/demo/image/upload/w_abc/x");
    assert_eq!(
        (
            error.kind(),
            error.key().map(ParamKey::long_name),
            error.found()
        ),
        (ErrorKind::InvalidValue, Some("width"), "abc")
    );
    let error = refused("/demo/image/upload/c_fill,foo/x");
    assert_eq!(
        (error.kind(), error.found()),
        (ErrorKind::UnknownParam, "foo")
    );
}

#[test]
fn parts_are_known_although_a_value_is_wrong() {
    let text =
        UrlText::new("https://res.cloudinary.com/demo/image/upload/w_abc,c_fill/v12/folder/x.jpg");
    let parts = split(&text, &Options::default()).unwrap();
    assert_eq!(parts.components.as_slice(), ["w_abc,c_fill"]);
    assert_eq!(
        (&*parts.asset.public_id, parts.asset.extension),
        ("folder/x", Some("jpg"))
    );
}

#[test]
fn limits_are_told() {
    let kind = |url: &str| refused(url).kind();
    assert_eq!(
        kind(&format!("/demo/image/upload/{}", "x".repeat(9000))),
        ErrorKind::UrlTooLong
    );
    assert_eq!(
        kind(&format!("/demo/image/upload/{}x", "w_1/".repeat(300))),
        ErrorKind::TooManyComponents
    );
    assert_eq!(
        kind(&format!("/demo/image/upload/{}/x", "w_1,".repeat(300))),
        ErrorKind::TooManyParams
    );
    assert_eq!(
        kind(&format!("/demo/image/upload/{}x", "if_w_gt_1/".repeat(40))),
        ErrorKind::TooDeep
    );
    assert_eq!(
        kind(&format!("/demo/image/upload/w_1{}/x", "_add_1".repeat(200))),
        ErrorKind::ExpressionTooLong
    );
    let roomy = Options {
        limits: Limits {
            url_bytes: usize::MAX,
            ..Limits::default()
        },
        ..Options::default()
    };
    let long = format!("/demo/image/upload/{}", "x".repeat(70_000));
    assert_eq!(
        parse(&UrlText::new(&long), &roomy).unwrap_err().kind(),
        ErrorKind::UrlTooLong,
        "whatever is allowed"
    );
}

#[test]
fn options_say_where_the_path_begins() {
    let cloud = |url: &'static str, options: &Options<'static>| {
        let text = UrlText::new(url);
        let tree = parse(&text, options).unwrap_or_else(|error| panic!("{error:#}"));
        (
            tree.head.cloud_name.map(str::to_owned),
            tree.asset.public_id.into_owned(),
            tree.chain.len(),
        )
    };
    let fixed = Options {
        head: HeadRule::Fixed("demo"),
        ..Options::default()
    };
    let expected = (Some("demo".to_owned()), "a".to_owned(), 1);
    assert_eq!(cloud("/image/upload/w_1/a.jpg", &fixed), expected);
    assert_eq!(cloud("/demo/image/upload/w_1/a.jpg", &fixed), expected);
    assert_eq!(
        cloud(
            "/cdn/x/demo/image/upload/w_1/a.jpg",
            &Options {
                prefix: "/cdn/x",
                ..Options::default()
            }
        ),
        expected
    );
    let types = Some((
        cldgate_grammar::AssetType::Image,
        cldgate_grammar::DeliveryType::Upload,
    ));
    assert_eq!(
        cloud(
            "/photos/w_1/a.jpg",
            &Options {
                prefix: "/photos",
                types,
                ..fixed
            }
        ),
        expected
    );
    let absent = Options {
        head: HeadRule::Absent,
        ..Options::default()
    };
    assert_eq!(
        cloud("https://img.example/w_1/a.jpg", &absent),
        (None, "a".to_owned(), 1)
    );
    let wrong = parse(
        &UrlText::new("/cdn/a.jpg"),
        &Options {
            prefix: "/img",
            ..absent
        },
    )
    .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::WrongPrefix);
}

#[test]
fn stored_chains_are_components_only() {
    let text = UrlText::chain("c_fill,w_100/r_max/jpg");
    let chain = parse_chain(&text, &Limits::default()).unwrap();
    assert_eq!((chain.components.len(), chain.extension), (2, Some("jpg")));
    let error =
        parse_chain(&UrlText::chain("c_fill/folder/r_max"), &Limits::default()).unwrap_err();
    assert_eq!(
        (error.kind(), error.span()),
        (ErrorKind::UnknownParam, 7..13)
    );
}

#[test]
fn signatures_are_checked_on_the_text_as_given() {
    let text = UrlText::new(
        "/demo/image/upload/s--AbCdEfGh--/c_crop%2Ch_20,w_10/e_sepia/v12/a%20b/c.jpg?_a=1",
    );
    let url = parse(&text, &Options::default()).unwrap();
    let parts: Vec<_> = url
        .chain
        .iter()
        .map(|component| text.raw_slice(component.span))
        .collect();
    assert_eq!(parts, ["c_crop%2Ch_20,w_10", "e_sepia"]);
    assert_eq!(text.raw_slice(url.asset.span), "a%20b/c.jpg");
    assert_eq!(url.asset.text, "a b/c.jpg");
}
