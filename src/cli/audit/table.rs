//! The report for people.

use std::fmt::{self, Write as _};

use super::report::{Report, Share};
use crate::server::explain::Status;

/// Parameters, problems and assets that are shown; the JSON has the rest.
const MAX_ROWS: usize = 30;

/// The report as tables.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _written = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    let mark = if report.estimated { "~" } else { "" };
    let all = Share {
        requests: report.requests,
        distinct_urls: report.distinct_urls,
    };
    writeln!(
        out,
        "{:<14}{:>14}{:>9}{:>16}",
        "", "requests", "", "distinct URLs"
    )?;
    let shares = [
        report.supported,
        report.approximated,
        report.unsupported,
        report.invalid,
    ];
    let words = Status::ALL.map(Status::word);
    for (word, share) in words.into_iter().zip(shares).chain([("all", all)]) {
        writeln!(
            out,
            "{word:<14}{:>14}{:>9}{:>16}",
            share.requests,
            percent(share.requests, all.requests),
            format!("{mark}{}", share.distinct_urls),
        )?;
    }
    for (count, what) in [
        (report.unread_lines, "lines without a URL"),
        (
            report.other_methods,
            "lines of other methods than GET and HEAD",
        ),
    ] {
        if count > 0 {
            writeln!(out, "{count} {what}, not counted")?;
        }
    }

    if !report.by_parameter.is_empty() {
        writeln!(out, "\n{:<28}{:>14}  status", "parameter", "requests")?;
        for row in report.by_parameter.iter().take(MAX_ROWS) {
            let (name, word) = (&row.parameter, row.status.word());
            writeln!(out, "{name:<28}{:>14}  {word}", row.count)?;
        }
        more(out, report.by_parameter.len())?;
    }

    if !report.examples.is_empty() {
        writeln!(out, "\nproblems")?;
        for problem in report.examples.iter().take(MAX_ROWS) {
            writeln!(
                out,
                "{:>14}  {} {}: {}",
                problem.requests,
                problem.status.word(),
                problem.parameter,
                problem.message,
            )?;
            for url in &problem.urls {
                writeln!(out, "{:>16}{url}", "")?;
            }
        }
        more(out, report.examples.len())?;
    }

    if let (Some(lookup), Some(missing)) = (&report.lookup, &report.missing_assets) {
        writeln!(
            out,
            "\nassets: {} found, {} missing, {} could not be asked for, {} not asked for",
            lookup.found, lookup.missing, lookup.failed, lookup.not_asked,
        )?;
        for row in missing.iter().take(MAX_ROWS) {
            writeln!(out, "  missing {}  {}", row.asset, row.url)?;
        }
        more(out, missing.len())?;
    }
    Ok(())
}

fn more(out: &mut String, rows: usize) -> fmt::Result {
    match rows.saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        rest => writeln!(out, "  and {rest} more: --json"),
    }
}

/// One decimal, rounded down: 100.0 % is said of all only.
fn percent(part: u64, all: u64) -> String {
    let permille = u128::from(part) * 1000 / u128::from(all.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}
