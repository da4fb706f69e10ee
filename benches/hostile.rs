//! Texts made to cost as much as their length allows: shared by a benchmark and a test.

/// A name, and how a transformation of about so many bytes is made.
pub type Hostile = (&'static str, fn(usize) -> String);

/// One for each kind of repetition that the language has.
pub const HOSTILE: &[Hostile] = &[
    ("components", |bytes| "w_1/".repeat(bytes / 4)),
    ("parameters", |bytes| "w_1,".repeat(bytes / 4)),
    ("effects in one component", |bytes| {
        "e_sepia,".repeat(bytes / 8)
    }),
    ("pixel ratios", |bytes| {
        "w_1/".repeat(bytes / 16) + &"dpr_2/".repeat(bytes / 8)
    }),
    ("nested conditions", |bytes| "if_w_gt_1/".repeat(bytes / 10)),
    ("conditions of one component", |bytes| {
        "if_w_gt_1,w_1/".repeat(bytes / 14)
    }),
    ("nested layers", |bytes| {
        "l_a/".repeat(bytes / 20) + &"fl_layer_apply/".repeat(bytes / 20)
    }),
    ("open layers with a flag", |bytes| {
        "l_a/fl_tiled/".repeat(bytes / 13)
    }),
    ("operators", |bytes| {
        "w_1".to_owned() + &"_add_1".repeat(bytes / 6)
    }),
    ("parentheses", |bytes| {
        "e_extract:".to_owned() + &"(".repeat(bytes)
    }),
    ("arguments", |bytes| {
        "e_tint:10".to_owned() + &":red:1p".repeat(bytes / 7)
    }),
    ("named arguments", |bytes| {
        "e_vectorize:".to_owned() + &"colors:1:".repeat(bytes / 9)
    }),
    ("flags", |bytes| {
        "fl_".to_owned() + &"lossy.".repeat(bytes / 6)
    }),
    ("angles", |bytes| "a_".to_owned() + &"1.".repeat(bytes / 2)),
    ("words", |bytes| {
        "b_auto:".to_owned() + &"a:".repeat(bytes / 2)
    }),
    ("variables", |bytes| "$a_1,".repeat(bytes / 5)),
    ("open strings", |bytes| "$a_!b,".repeat(bytes / 6)),
    ("percent signs", |bytes| "%25".repeat(bytes / 3)),
    ("slashes", |bytes| "/".repeat(bytes)),
    ("commas in a text", |bytes| {
        "l_text:a_1:".to_owned() + &"x,".repeat(bytes / 2)
    }),
    ("variables in a text", |bytes| {
        "l_text:a_1:".to_owned() + &"$(".repeat(bytes / 2)
    }),
    ("texts", |bytes| "l_text:a,".repeat(bytes / 9)),
];

/// A URL of about so many bytes.
pub fn url(make: fn(usize) -> String, bytes: usize) -> String {
    format!(
        "/demo/image/upload/{}/x",
        make(bytes.saturating_sub(64)).trim_end_matches('/')
    )
}
