//! Costs that can be counted without a clock.

use cldgate_grammar::{Options, ParamKey, UrlText, Value, parse};

#[test]
fn text_without_percent_signs_is_not_copied() {
    let url = "/demo/image/upload/c_fill,w_300/folder/photo.jpg".to_owned();
    let text = UrlText::new(&url);
    let tree = parse(&text, &Options::default()).unwrap();
    assert_eq!(text.path().as_ptr(), url.as_ptr());
    assert!(matches!(
        tree.asset.public_id,
        std::borrow::Cow::Borrowed(_)
    ));
    assert!(!tree.chain[0].params.spilled());
    assert!(matches!(
        tree.chain[0].last(ParamKey::Width).unwrap().value,
        Value::Number(_)
    ));
}

#[test]
fn parameters_stay_small() {
    // Components are moved about; four parameters of 80 bytes and some are what a plain copy still handles well.
    assert!(size_of::<cldgate_grammar::Param<'_>>() <= 80);
}
