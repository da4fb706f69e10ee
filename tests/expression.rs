//! What do expressions, variables and conditions work out to?

use cldgate::dialect::{self, CloudRule, Rules};
use cldgate::plan::{self, Facts, Hints, Limits, Negotiated, Plan, Size, Writable};
use cldgate::spec::{Format, Quality, Turn};
use smallvec::smallvec;

const TABLE: &str = include_str!("tables/expressions.tsv");

fn planned(transformation: &str, source: Size) -> Result<Plan, String> {
    let rules = Rules {
        cloud: CloudRule::InPath,
        ..Rules::default()
    };
    let url = format!("/demo/image/upload/{transformation}/v1/a.png");
    let delivery = dialect::read(&rules, &url).unwrap_or_else(|error| panic!("{url}: {error}"));
    let facts = Facts {
        format: Format::Png,
        size: source,
        orientation: Turn::NONE,
        alpha: false,
        frames: 1,
        bytes: 1000,
    };
    let rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::default(),
        writable: Writable(smallvec![Format::Jpeg, Format::Png]),
        scaling: plan::Scaling::default(),
    };
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    plan::make(&delivery.spec, &facts, &negotiated, &hints, &rules)
        .map_err(|error| error.to_string())
}

fn size_of(transformation: &str, source: Size) -> Result<Size, String> {
    Ok(match planned(transformation, source)? {
        Plan::Raster(plan) => plan.output(),
        Plan::Original | Plan::Sanitized | Plan::Info(_) => source,
    })
}

fn size(text: &str) -> Size {
    let (width, height) = text.split_once('x').expect("a size");
    Size::new(width.parse().unwrap(), height.parse().unwrap())
}

#[test]
fn they_work_out_to_what_the_table_says() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [source, kind, expression, expected] = cells[..] else {
            panic!("row: {line}")
        };
        let source = size(source);
        let made = match kind {
            "value" => size_of(&format!("$value_{expression}/c_scale,w_$value,h_1"), source)
                .map(|size| size.width.to_string()),
            "condition" => {
                let chain = format!("if_{expression}/w_1,h_1/if_else/w_2,h_2/if_end");
                size_of(&chain, source).map(|size| (size.width == 1).to_string())
            }
            "chain" => {
                size_of(expression, source).map(|size| format!("{}x{}", size.width, size.height))
            }
            other => panic!("{other}"),
        };
        let right = match (&made, expected.strip_prefix("error ")) {
            (Ok(made), None) => made == expected,
            (Err(error), Some(part)) => error.contains(part),
            _ => false,
        };
        if !right {
            wrong.push(format!("{kind} {expression}: {made:?}, not {expected}"));
        }
        rows += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {rows}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(rows > 90, "only {rows} rows were read");
}

/// The stored bytes go out where nothing was done to them.
#[test]
fn a_condition_that_does_not_hold_leaves_the_original() {
    for (chain, original) in [
        ("if_w_gt_700/w_5/if_end", true),
        ("if_w_gt_500/w_5/if_end", false),
        ("$a_1", true),
        ("if_w_gt_500/q_5/if_end", false),
        ("if_w_gt_700/q_5/if_end", true),
        ("if_w_gt_500/$a_1/if_end", true),
    ] {
        let plan = planned(chain, Size::new(600, 400)).expect(chain);
        assert_eq!(plan == Plan::Original, original, "{chain}");
    }
}

/// What the branch that is taken says about the result counts.
#[test]
fn settings_of_the_branch_that_is_taken_win() {
    for (chain, quality) in [
        ("q_30/if_w_gt_500/q_60/if_end", 60),
        ("q_30/if_w_gt_700/q_60/if_end", 30),
        ("$q_20/q_$q_mul_2", 40),
    ] {
        let plan = planned(chain, Size::new(600, 400)).expect(chain);
        let Plan::Raster(plan) = plan else {
            panic!("{chain}")
        };
        assert_eq!(plan.encode.quality, quality, "{chain}");
    }
}

/// Effects, modes and gravities that a variable holds are read as if they stood there themselves.
#[test]
fn what_a_variable_decides_is_read_as_written() {
    let spec = |chain: &str| {
        let url = format!("/demo/image/upload/{chain}/a.png");
        dialect::read(&Rules::default(), &url)
            .unwrap_or_else(|error| panic!("{url}: {error}"))
            .spec
    };
    for (by, written) in [
        ("$e_!blur!/e_$e:60", "e_blur:60"),
        ("$e_!blur:60!/e_$e", "e_blur:60"),
        ("$f_!audrey!/e_art:$f", "e_art:audrey"),
        ("$m_!fill!/c_$m,w_10,h_10", "c_fill,w_10,h_10"),
        ("$g_!north!/c_fill,w_9,h_9,g_$g", "c_fill,w_9,h_9,g_north"),
        ("$l_!logos:acme!/l_$l,w_10", "l_logos:acme,w_10"),
        ("$i_ref:!logo!/l_$i", "l_logo"),
        ("$s_!Arial_20!/l_text:$s:Hi", "l_text:Arial_20:Hi"),
        ("$a_!blur!,$b_$a/e_$b", "e_blur"),
        (
            "$e_!blur!/if_w_gt_1/$e_!sepia!/if_end/e_$e",
            "if_w_gt_1/$e_!sepia!/if_end/e_$e",
        ),
    ] {
        let tail = |chain| {
            let ops = spec(chain).ops;
            ops.last().expect(chain).to_string()
        };
        assert_eq!(tail(by), tail(written), "{by}");
    }
}

#[test]
fn a_long_chain_of_conditions_is_refused() {
    let deep = format!("{}w_5{}", "if_w_gt_1/".repeat(40), "/if_end".repeat(40));
    let url = format!("/demo/image/upload/{deep}/a.png");
    assert!(dialect::read(&Rules::default(), &url).is_err());
    let long = "if_w_gt_1/w_w_add_1,h_h/if_end/".repeat(80);
    let result = planned(long.trim_end_matches('/'), Size::new(60, 40));
    assert!(
        result.is_ok() || result.clone().is_err_and(|e| e.contains("chain length")),
        "{result:?}"
    );
}
