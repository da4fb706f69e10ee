//! Is every URL cut where the rules say, and does every parameter mean what the vendor's other clients rely on? The
//! cases are tables in `tests/corpus`.

use std::fs;
use std::path::Path;

use cldgate::config;
use cldgate::deliver::Gateway;
use cldgate::dialect::{self, Rules};
use cldgate::server::explain::explain;
use serde_json::{Value, json};

fn table(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(name);
    let text = fs::read_to_string(path).expect("a table");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

/// A gateway whose one endpoint reads a backup bucket in an empty folder: nothing here fetches.
fn gateway() -> Gateway {
    let text = "[[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = \"/\"\n\
                folder = \"res/demo/\"\n\
                [[endpoint]]\nname = \"demo\"\nprefix = \"/demo\"\norigins = [\"photos\"]\n";
    let reading = config::read("test", text, Path::new("/"));
    let config = reading.result.expect("a configuration");
    let shared = config::shared(&config).expect("threads");
    config::gateway(&config, shared).expect("a gateway")
}

fn explained(gateway: &Gateway, url: &str) -> Value {
    serde_json::to_value(explain(gateway, url)).expect("JSON")
}

#[test]
fn urls_are_cut_where_the_rules_say() {
    let gateway = gateway();
    let rows = table("splits.tsv");
    assert!(rows.len() > 15);
    for row in rows {
        let [
            path,
            types,
            signature,
            components,
            version,
            id,
            extension,
            remote,
            suffix,
        ] = row.as_slice()
        else {
            panic!("{row:?} has not nine cells");
        };
        let text = |cell: &String| (cell != "-").then(|| cell.clone());
        let number = |cell: &String| cell.parse::<u64>().ok();
        let (asset, delivery) = types.split_once('/').expect("two types");
        let pieces: Vec<&str> = components
            .split('|')
            .filter(|piece| !piece.is_empty())
            .collect();
        for url in [path.clone(), format!("https://res.cloudinary.com{path}")] {
            let found = explained(&gateway, &url);
            let expected = json!({
                "cloud_name": "demo",
                "asset_type": asset,
                "delivery_type": delivery,
                "signature": text(signature),
                "components": pieces,
                "version": number(version),
                "public_id": text(id),
                "extension": text(extension),
                "remote": text(remote),
                "seo_suffix": text(suffix),
                "error": null,
            });
            for (key, value) in expected.as_object().expect("an object") {
                assert_eq!(&found[key], value, "{key} of {url}");
            }
        }
    }
}

/// The object of the documented example, field by field and in their order.
#[test]
fn the_worked_example_is_explained_to_the_letter() {
    let url =
        "https://res.cloudinary.com/demo/image/upload/c_fill,w_300,h_300/v123/folder/photo.jpg";
    let expected = concat!(
        r#"{"url":"https://res.cloudinary.com/demo/image/upload/c_fill,w_300,h_300/v123/folder/photo.jpg","#,
        r#""status":"supported","dialect":"cloudinary","cloud_name":"demo","asset_type":"image","#,
        r#""delivery_type":"upload","signature":null,"components":["c_fill,w_300,h_300"],"version":123,"#,
        r#""public_id":"folder/photo","extension":"jpg","remote":null,"seo_suffix":null,"#,
        r#""spec":"resize 300x300 cover @center | encode jpg","#,
        r#""candidates":[{"origin":"photos","list":"res/demo/image/upload/folder/photo/"}],"#,
        r#""notes":[],"error":null}"#,
    );
    let found = serde_json::to_string(&explain(&gateway(), url)).expect("JSON");
    assert_eq!(found, expected);
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    let url = "https://res.cloudinary.com/demo/image/upload/c_fil,w_300/photo.jpg";
    let found = explained(&gateway(), url);
    assert_eq!(found["status"], "invalid");
    assert_eq!(found["components"], json!(["c_fil,w_300"]));
    let error = &found["error"];
    assert_eq!(
        (error["offset"].as_u64(), error["length"].as_u64()),
        (Some(47), Some(3))
    );
    assert_eq!(&url[47..50], "fil");
    assert_eq!(error["hint"], "did you mean `c_fill`?");
    // What cannot be cut at all has no parts.
    let nothing = explained(&gateway(), "https://example.com/");
    assert_eq!(nothing["status"], "invalid");
    assert_eq!(
        (&nothing["public_id"], &nothing["components"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn parameters_mean_what_their_translations_say() {
    let rules = Rules {
        named: [("named".into(), "w_50".into())].into(),
        ..Rules::default()
    };
    let rows = table("migrating.tsv");
    assert!(rows.len() > 150, "only {} lines", rows.len());
    for row in rows {
        let [url, spec] = row.as_slice() else {
            panic!("{row:?} has not two cells");
        };
        let (delivery, _) =
            dialect::interpret(&rules, url).unwrap_or_else(|e| panic!("{url}: {e}"));
        assert_eq!(&delivery.spec.to_string(), spec, "{url}");
    }
}
