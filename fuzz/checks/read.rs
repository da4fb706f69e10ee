//! What must hold for the meaning of any URL text: shared by the fuzz target and the test that replays its finds.

use super::dialect::{self, CloudRule, Rules, signature::Secret};

/// Rules with everything that a URL can name.
fn rules() -> Rules {
    Rules {
        cloud: CloudRule::ByHost,
        signing_secret: Some(Secret::new("b")),
        named: [
            ("a", "c_fill,w_100,h_100/jpg"),
            ("b", "t_a/$x_1/if_w_gt_$x,w_5"),
            ("circle", "t_circle"),
        ]
        .map(|(name, chain)| (name.into(), chain.into()))
        .into(),
        ..Rules::default()
    }
}

/// No text makes the reader panic; what can be read can be cut, printed, and is read the same again.
pub fn reads_or_refuses(url: &str) {
    let rules = rules();
    let parts = dialect::anatomy(&rules, url);
    let _ = dialect::route(url);
    match dialect::interpret(&rules, url) {
        Ok((delivery, refusal)) => {
            assert!(parts.is_ok(), "what can be read can be cut");
            let spec = delivery.spec.to_string();
            assert!(!spec.is_empty() && !spec.contains('\n'), "one line: {spec}");
            let _ = delivery.spec.sources();
            for note in &delivery.notes {
                let _ = dialect::parameter_name(&note.parameter);
            }
            let again = dialect::interpret(&rules, url);
            assert_eq!(
                again,
                Ok((delivery, refusal)),
                "the same text means the same"
            );
        }
        Err(error) => {
            let _ = (error.to_string(), dialect::reply::reason(&error));
        }
    }
}
