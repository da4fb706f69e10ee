//! Are named transformations taken over as an account lists them?

use cldgate::dialect::named_transformations;

#[test]
fn definitions_of_every_shape_become_chains() {
    let json = r#"{
        "next_cursor": "x",
        "transformations": [
            {"name": "t_thumb", "named": true, "info": [
                {"width": 200, "height": 200, "crop": "thumb", "gravity": "face"}, {"radius": "max"}]},
            {"name": "plain", "info": [{"raw_transformation": "w_100,h_50,c_fill/e_sepia"}]},
            {"name": "flags", "info": [{"flags": ["progressive", "lossy"], "quality": "auto"}]},
            {"name": "nested", "info": [{"transformation": ["thumb"]}, {"fetch_format": "auto"}]},
            {"name": "clever", "info": [
                {"if": "w_gt_300", "variables": [["$w", 30]], "width": "$w", "crop": "scale"}]},
            {"name": "w_3,h_3", "named": false},
            {"name": "listed", "named": true},
            {"name": "odd", "info": [{"whatever": 3}]},
            {"name": "wrong", "info": [{"crop": "no such mode"}]},
            {"info": []}
        ]
    }"#;
    let found = named_transformations(json).expect("an answer");
    let shown: Vec<String> = found
        .iter()
        .map(|(name, definition)| match definition {
            Ok(chain) => format!("{name} = {chain}"),
            Err(reason) => format!("{name}: {}", reason.lines().next().unwrap()),
        })
        .collect();
    let expected = [
        "thumb = c_thumb,g_face,h_200,w_200/r_max",
        "plain = w_100,h_50,c_fill/e_sepia",
        "flags = fl_progressive.lossy,q_auto",
        "nested = t_thumb/f_auto",
        "clever = $w_30,if_w_gt_300,c_scale,w_$w",
    ];
    assert_eq!(shown[..5], expected);
    for (shown, part) in shown[5..].iter().zip([
        "listed: it has no `info`",
        "odd: `whatever` is no parameter",
        "wrong: ",
        ": it has no `name`",
    ]) {
        assert!(shown.contains(part), "{shown}, not {part}");
    }
    assert_eq!(shown.len(), 9);
}

#[test]
fn other_shapes_are_read_or_refused() {
    let one = named_transformations(r#"{"name":"a","info":[{"angle":90}]}"#).unwrap();
    assert_eq!(one, [("a".to_owned(), Ok("a_90".to_owned()))]);
    let plain = named_transformations(r#"{"a":"w_1","b":"c_fill,w_2,h_2"}"#).unwrap();
    assert_eq!(plain.len(), 2);
    let list = named_transformations(r#"[{"name":"t_a","info":"w_1"}]"#).unwrap();
    assert_eq!(list, [("a".to_owned(), Ok("w_1".to_owned()))]);
    for wrong in ["", "3", "{}", "[3", r#"{"error":{"message":"no"}}"#] {
        assert!(named_transformations(wrong).is_err(), "{wrong}");
    }
}
