//! What of the language is rendered? The answer is asked of the dialect, row by row, and kept in
//! `snapshots/conformance.snap` and `docs/parameters.md`. `UPDATE_DOCS=1` rewrites the latter.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use cldgate::dialect::{self, Rules};
use cldgate::grammar::params::{CropMode, EFFECTS, FlagName, PARAMS, Place, WordRow};

/// One row of a table: what is written, what it means, how it stands.
struct Row {
    name: String,
    meaning: &'static str,
    example: String,
    status: &'static str,
    /// Why it is not all that was asked.
    why: String,
}

/// What must stand beside an example for it to mean anything. `*` is the example.
const BESIDE: &[(&str, &str)] = &[
    ("c_", "*,w_100,h_100"),
    ("g_", "c_fill,w_100,h_100,*"),
    ("x_", "c_fill,w_100,h_100,g_north,*"),
    ("y_", "c_fill,w_100,h_100,g_north,*"),
    ("z_", "c_thumb,g_face,w_100,h_100,*"),
    ("dpr_", "w_100,*"),
    ("co_", "e_colorize,*"),
    ("e_anti_removal", "l_logo,*"),
    ("e_cut_out", "l_logo,*"),
    ("e_displace", "l_logo,x_1,*"),
    ("e_embed_clipping_path", "$img_ref:!mask!/*"),
    ("e_mask", "l_logo,*"),
    ("e_multiply", "l_logo,*"),
    ("e_overlay", "l_logo,*"),
    ("e_screen", "l_logo,*"),
    ("e_style_transfer", "l_logo,*"),
    ("fl_relative", "l_logo,*"),
    ("fl_region_relative", "l_logo,*"),
    ("fl_no_overflow", "l_logo,*"),
    ("fl_tiled", "l_logo,*"),
    ("fl_cutter", "l_logo,*"),
    ("fl_splice", "l_video:clip,*"),
    ("fl_text_no_trim", "l_text:Arial_20:Hi,*"),
    ("fl_text_disallow_overflow", "l_text:Arial_20:Hi,*"),
    ("fl_layer_apply", "l_logo,*"),
];

fn status(example: &str) -> (&'static str, String) {
    let beside = BESIDE
        .iter()
        .filter(|(start, _)| example.starts_with(start))
        .max_by_key(|(start, _)| start.len())
        .map_or("*", |(_, beside)| beside);
    let rules = Rules {
        named: ["base", "fit-760w"]
            .map(|name| (name.into(), "w_760".into()))
            .into(),
        ..Rules::default()
    };
    // Of a picture that becomes a video: for another these would be without effect.
    let of_video = ["ac_", "af_", "br_", "dr_", "ki_", "vc_"];
    let extension = of_video.iter().any(|key| example.starts_with(key));
    let id = if extension { "x.mp4" } else { "x" };
    let url = format!("/demo/image/upload/{}/{id}", beside.replace('*', example));
    let (delivery, _) = dialect::interpret(&rules, &url).unwrap_or_else(|e| panic!("{url}: {e}"));
    let worst = delivery.notes.into_iter().max_by_key(|note| note.level);
    worst.map_or(("supported", String::new()), |note| {
        (note.level.word(), note.message.into())
    })
}

fn row_of(name: String, meaning: &'static str, example: String) -> Row {
    let (status, why) = status(&example);
    Row {
        name,
        meaning,
        example,
        status,
        why,
    }
}

fn words(prefix: &str, rows: &'static [WordRow]) -> Vec<Row> {
    rows.iter()
        .map(|row| {
            let word = match row.spelling {
                "" => "microwave",
                "region" => "region_!head!",
                "clipping_path" => "clipping_path_!outline!",
                word => word,
            };
            let example = format!("{prefix}{word}");
            let name = match row.spelling {
                "" => "any other word".to_owned(),
                word => format!("`{prefix}{word}`"),
            };
            row_of(name, row.meaning, example)
        })
        .collect()
}

fn tables() -> Vec<(&'static str, Vec<Row>)> {
    let parameters = PARAMS.iter().map(|row| {
        let name = match row.spelling {
            "$" => "`$name_`".to_owned(),
            letters => format!("`{letters}_`"),
        };
        row_of(name, row.meaning, row.example.to_owned())
    });
    let effects = EFFECTS.iter().map(|row| {
        let name = format!("`e_{}`", row.spelling);
        row_of(name, row.meaning, row.example.to_owned())
    });
    vec![
        ("Parameters", parameters.collect()),
        ("Effects", effects.collect()),
        ("Crop modes", words("c_", CropMode::ROWS)),
        ("Gravities", words("g_", Place::ROWS)),
        ("Flags", words("fl_", FlagName::ROWS)),
    ]
}

fn totals(rows: &[Row]) -> String {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.status).or_insert(0) += 1;
    }
    let mut shown: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    shown.insert(0, format!("{} in all", rows.len()));
    shown.join(", ")
}

#[test]
fn conformance() {
    let mut shown = String::new();
    for (title, rows) in tables() {
        writeln!(shown, "{title}: {}", totals(&rows)).expect("memory");
        for row in &rows {
            writeln!(shown, "  {:<13} {}", row.status, row.example).expect("memory");
        }
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("conformance", shown));
}

/// The generated page. Changes only with the tables and with what is rendered.
#[test]
fn the_page_of_parameters_is_up_to_date() {
    let mut page = String::from(
        "# Parameters\n\n\
         Generated from the grammar's tables and the table of what is rendered; do not edit. \
         `UPDATE_DOCS=1 cargo test --release conformance` writes it anew.\n\n\
         *supported*: rendered as documented. *approximated*: rendered, and may differ. \
         *unsupported*: understood, noted and left out (`on_unsupported` decides whether the rest is \
         delivered). *ignored*: without effect at the original service too, or without need here.\n",
    );
    for (title, rows) in tables() {
        write!(
            page,
            "\n## {title}\n\n{}.\n\n| written | meaning | example | status | why |\n| --- | --- | --- | --- | --- |\n",
            totals(&rows)
        )
        .expect("memory");
        for row in &rows {
            writeln!(
                page,
                "| {} | {} | `{}` | {} | {} |",
                row.name, row.meaning, row.example, row.status, row.why
            )
            .expect("memory");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/parameters.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("the page");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/parameters.md is out of date: run the tests with UPDATE_DOCS=1"
    );
}

/// What is left out needs a model, an add-on, the owner's own code, or is no still picture: nothing is left
/// out because nobody has come to it yet.
#[test]
fn nothing_is_left_out_without_need() {
    const NEEDS: [&str; 6] = [
        "trained model",
        "add-on service",
        "custom functions",
        "3D models",
        "video",
        "documents",
    ];
    let tables = tables();
    let rows = tables.iter().flat_map(|(_, rows)| rows);
    let left_out: Vec<_> = rows.filter(|row| row.status == "unsupported").collect();
    assert!(
        left_out.len() > 20,
        "nothing is left out: are statuses read?"
    );
    for row in left_out {
        let needs = NEEDS.iter().any(|need| row.why.contains(need));
        assert!(needs, "{}: {}", row.example, row.why);
    }
}
