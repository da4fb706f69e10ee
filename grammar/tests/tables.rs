//! One row for each key, word and effect; grammar file, dictionary and corpus list the same.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use cldgate_grammar::params::{
    CropMode, EFFECTS, EffectName, FORMATS, FlagName, PARAMS, Place, colours,
};
use cldgate_grammar::value::{Name, Operator};
use cldgate_grammar::{DeliveryType, Options, ParamKey, UrlText, Value, parse};

use super::corpus::accepted;

const ABNF: &str = include_str!("../cloudinary.abnf");

/// The right-hand side of a rule, continued lines joined.
fn rule(name: &str) -> String {
    let mut lines = ABNF
        .lines()
        .map(|line| line.split(';').next().unwrap_or(""))
        .skip_while(|line| {
            line.split_once(" = ")
                .is_none_or(|(left, _)| left.trim() != name)
                && !line.starts_with(&format!("{name} "))
        });
    let first = lines.next().unwrap_or_else(|| panic!("no rule {name}"));
    let rest: Vec<_> = lines.take_while(|line| line.starts_with(' ')).collect();
    format!("{} {}", first.split_once('=').unwrap().1, rest.join(" "))
}

fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[test]
fn grammar_and_table_list_the_same_keys() {
    let section = ABNF
        .split("; --- ")
        .find(|section| section.starts_with("components"))
        .unwrap();
    let in_grammar: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.split_once("= \"")?.1.split_once('"'))
        .map(|(key, _)| key.trim_end_matches('_'))
        .collect();
    let in_table: BTreeSet<&str> = PARAMS.iter().map(|row| row.spelling).collect();
    assert_eq!(in_grammar, in_table);
    let alternatives = rule("parameter");
    assert_eq!(alternatives.split('/').count(), PARAMS.len());
    for name in alternatives.split('/') {
        rule(name.trim());
    }
}

#[test]
fn grammar_lists_the_same_words() {
    let operators = rule("operator");
    assert_eq!(
        quoted(&operators),
        Operator::ALL
            .iter()
            .map(|operator| operator.as_str())
            .collect()
    );
    let names = rule("predefined");
    assert_eq!(
        quoted(&names),
        Name::ALL.iter().map(|name| name.as_str()).collect()
    );
    let types = rule("delivery-type") + &rule("social");
    assert_eq!(
        quoted(&types),
        DeliveryType::ALL
            .iter()
            .map(|known| known.as_str())
            .collect()
    );
}

#[test]
fn rows_are_found_by_their_spelling() {
    for row in PARAMS {
        assert_eq!(ParamKey::from_spelling(row.spelling), Some(row.key));
        assert_eq!(row.key.row().map(|row| row.spelling), Some(row.spelling));
        assert!(row.example.starts_with(row.spelling) && !row.meaning.is_empty());
    }
    for row in EFFECTS {
        assert_eq!(EffectName::from_word(row.spelling), Some(row.name));
        assert_eq!(row.name.row().map(|row| row.spelling), Some(row.spelling));
        assert!(row.example.starts_with(&format!("e_{}", row.spelling)) && !row.meaning.is_empty());
    }
    let names = colours::NAMES;
    assert!(
        names.is_sorted_by(|(a, _), (b, _)| a < b),
        "look-up is by halving"
    );
    assert!(
        names
            .iter()
            .all(|(name, _)| colours::find(&name.to_uppercase()).is_some())
    );
}

#[test]
fn examples_are_what_they_say() {
    for (key, example) in PARAMS
        .iter()
        .map(|row| (row.key, row.example))
        .chain(EFFECTS.iter().map(|row| (ParamKey::Effect, row.example)))
    {
        let url = format!("/demo/image/upload/{example}/x");
        let text = UrlText::new(&url);
        let tree = parse(&text, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(tree.chain[0].params[0].key, key, "{example}");
    }
}

#[test]
fn every_row_has_a_line_in_the_corpus() {
    let (mut keys, mut effects, mut words) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for url in accepted() {
        let text = UrlText::new(&url);
        let tree = parse(&text, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
        for param in tree.chain.iter().flat_map(|component| &component.params) {
            keys.insert(param.key.spelling());
            match &param.value {
                Value::Effect(effect) => effects.extend(effect.name().map(EffectName::as_str)),
                Value::Crop(mode) => {
                    words.insert(mode.as_str());
                }
                Value::Gravity(gravity) => {
                    words.insert(gravity.place.as_str());
                }
                Value::Flags(flags) => words.extend(
                    flags
                        .iter()
                        .filter_map(|flag| flag.name)
                        .map(FlagName::as_str),
                ),
                _ => {}
            }
        }
    }
    let missing = |all: Vec<&'static str>, seen: &BTreeSet<&'static str>| -> Vec<&'static str> {
        all.into_iter()
            .filter(|word| !seen.contains(word))
            .collect()
    };
    assert_eq!(
        missing(PARAMS.iter().map(|row| row.spelling).collect(), &keys),
        [""; 0]
    );
    assert_eq!(
        missing(EFFECTS.iter().map(|row| row.spelling).collect(), &effects),
        [""; 0]
    );
    assert_eq!(
        missing(
            CropMode::ALL.iter().map(|mode| mode.as_str()).collect(),
            &words
        ),
        [""; 0]
    );
    assert_eq!(
        missing(
            Place::ALL.iter().map(|place| place.as_str()).collect(),
            &words
        ),
        [""; 0]
    );
    assert_eq!(
        missing(
            FlagName::ALL.iter().map(|flag| flag.as_str()).collect(),
            &words
        ),
        [""; 0]
    );
}

/// `UPDATE_DICTIONARY=1` writes the file anew.
#[test]
fn fuzz_dictionary_comes_from_the_tables() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    words.extend(PARAMS.iter().map(|row| row.example.to_owned()));
    words.extend(
        PARAMS
            .iter()
            .filter(|row| row.spelling != "$")
            .map(|row| format!("{}_", row.spelling)),
    );
    words.extend(EFFECTS.iter().map(|row| row.example.to_owned()));
    words.extend(
        CropMode::ALL
            .iter()
            .map(|mode| format!("c_{}", mode.as_str())),
    );
    words.extend(
        Place::ALL
            .iter()
            .map(|place| format!("g_{}", place.as_str())),
    );
    words.extend(
        FlagName::ALL
            .iter()
            .map(|flag| format!("fl_{}", flag.as_str())),
    );
    words.extend(FORMATS.iter().map(|format| format!(".{format}")));
    words.extend(
        Operator::ALL
            .iter()
            .map(|operator| format!("_{}_", operator.as_str())),
    );
    words.extend(
        DeliveryType::ALL
            .iter()
            .map(|known| format!("/image/{}/", known.as_str())),
    );
    let extra = [
        "if_else",
        "if_end",
        "l_text:",
        "l_fetch:",
        "s--abcdefgh--",
        "/v1/",
        "%2C",
        "%2F",
        "%25",
        "https://",
        "//res.cloudinary.com/",
        "/images/",
        "/iu/",
        "!a:b!",
        "$(x)",
        "rgb:",
        "ctx:!k!",
        "_to_i",
    ];
    words.extend(extra.map(str::to_owned));
    let mut dictionary =
        String::from("# Written by the test `fuzz_dictionary_comes_from_the_tables`.\n");
    for word in words {
        writeln!(
            dictionary,
            "\"{}\"",
            word.replace('\\', "\\\\").replace('"', "\\\"")
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/grammar.dict");
    if std::env::var_os("UPDATE_DICTIONARY").is_some() {
        std::fs::write(&path, &dictionary).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == dictionary,
        "run with UPDATE_DICTIONARY=1 and read the difference"
    );
}
