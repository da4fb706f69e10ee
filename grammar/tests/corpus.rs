//! Real URLs, where a folder of them is at hand: `CLDGATE_CORPUS` names it.

use std::path::PathBuf;

use cldgate_grammar::{Options, UrlText, parse, split};

fn lines(name: &str) -> Option<Vec<String>> {
    let Some(folder) = std::env::var_os("CLDGATE_CORPUS") else {
        println!("CLDGATE_CORPUS is not set: real URLs not read");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap();
    Some(
        text.lines()
            .filter(|line| !line.starts_with("# ") && !line.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn real_urls_parse() {
    for name in ["urls-dev.txt", "urls-dev-rest.txt", "urls-dev-cname.txt"] {
        for line in lines(name).unwrap_or_default() {
            let text = UrlText::new(&line);
            if let Err(error) = parse(&text, &Options::default()) {
                println!("{name}: {line}\n{error:#}\n");
            }
        }
    }
}

#[test]
fn transformations_parse() {
    for line in lines("transformations-dev.txt").unwrap_or_default() {
        let url = format!("/demo/image/upload/{line}/sample");
        let text = UrlText::new(&url);
        if let Err(error) = parse(&text, &Options::default()) {
            println!("{line}\n{error:#}\n");
        } else if let Ok(parts) = split(&text, &Options::default())
            && parts.asset.public_id != "sample"
        {
            println!("{line}: {}", parts.asset.public_id);
        }
    }
}
