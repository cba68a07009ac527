//! A table explained in words and columns.

use super::{MetricStudy, TableStudy};
use crate::uncertainty::analysis::Interval;
use std::fmt::Write;

/// `39.1 [35.8, 42.6]`, in percent.
fn percent(interval: Interval, known: bool) -> String {
    let value = format!("{:5.1}", 100.0 * interval.value);
    if !known {
        return value;
    }
    format!(
        "{value} [{:.1}, {:.1}]",
        100.0 * interval.low,
        100.0 * interval.high
    )
}

/// `-0.1 [-2.1, +1.7]`, in points.
fn points(interval: Interval, known: bool) -> String {
    // Rounded first, so that no "-0.0" comes out.
    let tenths = |value: f64| (1000.0 * value).round() / 10.0 + 0.0;
    let value = format!("{:+5.1}", tenths(interval.value));
    if !known {
        return value;
    }
    format!(
        "{value} [{:+.1}, {:+.1}]",
        tenths(interval.low),
        tenths(interval.high)
    )
}

/// The whole study as text, with 95 % intervals in brackets.
pub fn text(study: &TableStudy) -> String {
    let mut text = String::new();
    let known = study.questions.is_some();
    // Writing to a string does not fail.
    let _ = match study.questions {
        Some(n) => writeln!(
            text,
            "{}: {n} questions (95 % intervals in brackets)",
            study.name
        ),
        None => writeln!(
            text,
            "{}: bins, which do not say on how many questions they rest (no intervals)",
            study.name
        ),
    };
    let _ = writeln!(text, "  SLM right, %     {}", percent(study.slm, known));
    let _ = writeln!(text, "  LLM right, %     {}", percent(study.llm, known));
    let _ = writeln!(text, "  either right, %  {:5.1}", 100.0 * study.either);
    for metric in &study.metrics {
        let _ = one(&mut text, metric);
    }
    text
}

fn one(text: &mut String, study: &MetricStudy) -> std::fmt::Result {
    let name = study.name();
    let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    writeln!(text, "\n{title}")?;
    let known = study.routing.has_intervals;
    match study.auroc {
        Some(i) if known => writeln!(
            text,
            "  AUROC against SLM errors  {:.3} [{:.3}, {:.3}]  (0.5: says nothing, 1: tells all)",
            i.value, i.low, i.high
        )?,
        Some(i) => writeln!(text, "  AUROC against SLM errors  {:.3}", i.value)?,
        None => writeln!(
            text,
            "  AUROC against SLM errors  undefined: the SLM is always right, or never"
        )?,
    }
    writeln!(
        text,
        "\n  {:<14}{:>9}{:>9}  {:<22}LLM right, %",
        name, "questions", "share, %", "SLM right, %"
    )?;
    for bin in &study.bins {
        let accuracy = |i: Option<Interval>| {
            i.map_or_else(|| "    -".to_owned(), |i| percent(i, bin.count.is_some()))
        };
        writeln!(
            text,
            "  {:<14}{:>9}{:>9.1}  {:<22}{}",
            format!("{:.2} .. {:.2}", bin.low, bin.high),
            bin.count.map_or_else(|| "-".to_owned(), |n| n.to_string()),
            100.0 * bin.share,
            accuracy(bin.slm),
            accuracy(bin.llm)
        )?;
    }
    writeln!(
        text,
        "\n  {:<14}{:<22}{:<22}{:>9}   gain, points",
        "offloaded, %", "most uncertain, %", "at random, %", "oracle, %"
    )?;
    let r = &study.routing;
    for i in (0..r.shares.len()).step_by(5) {
        writeln!(
            text,
            "  {:<14.0}{:<22}{:<22}{:>9.1}   {}",
            100.0 * r.shares[i],
            percent(r.by_uncertainty[i], known),
            percent(r.at_random[i], known),
            100.0 * r.oracle[i],
            points(r.gain[i], known)
        )?;
    }
    writeln!(text, "\n  {}", study.verdict)
}
