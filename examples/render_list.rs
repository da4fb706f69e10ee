//! Renders many jobs in one process, for `just codec-campaign`. Each line of the standard input is
//! a source file, a chain and an output file, separated by tabs; each gets one line of answer.

#![allow(
    clippy::disallowed_methods,
    reason = "a developer's tool, which reads and writes files"
)]

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, Write as _};

use cldgate::dialect::{self, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Writable};
use cldgate::render::{self, Budget, Fonts, Sources};
use cldgate::spec::{Format, Quality};

const WRITTEN: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::WebP,
    Format::Avif,
    Format::Gif,
    Format::Bmp,
    Format::Tiff,
    Format::Ico,
];

/// One job; what it answers: the format, and whether the source was damaged.
fn job(line: &str, fonts: &Fonts) -> Result<String, Box<dyn Error>> {
    let mut cells = line.split('\t');
    let (Some(source), Some(chain), Some(output)) = (cells.next(), cells.next(), cells.next())
    else {
        return Err("not three cells".into());
    };
    let source = fs::read(source)?;
    let url = format!("/demo/image/upload/{chain}/x");
    let (delivery, _) = dialect::interpret(&Rules::default(), &url)?;
    let facts = render::probe(&source)?;
    let rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::Fixed(90),
        writable: Writable(WRITTEN.into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let budget = Budget::unlimited();
    let sources = Sources::new(&[], fonts, &budget).below(&source);
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let spec = &delivery.spec;
    let plan = plan::make_with(spec, &facts, &sources, &negotiated, &hints, &rules)?;
    let Plan::Raster(plan) = plan else {
        return Err("nothing to render".into());
    };
    let made = render::run_with(&plan, &source, &sources, &budget)?;
    fs::write(output, &made.body)?;
    let damaged = if made.damaged { " damaged" } else { "" };
    Ok(format!("{:?}{damaged}", made.format))
}

fn main() -> Result<(), Box<dyn Error>> {
    let fonts = Fonts::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        match job(&line?, &fonts) {
            Ok(answer) => writeln!(out, "ok {answer}")?,
            Err(error) => writeln!(out, "failed {}", error.to_string().replace('\n', " "))?,
        }
    }
    out.flush()?;
    Ok(())
}
