//! `report.html`: a finished run as one page that needs nothing else, not even a network.
//!
//! The page is made from the other files of the run ([`RunFiles`]), so that it is the same
//! whether it is written with them or later. Its figures are drawn by Plotly, whose script
//! the page carries; `page.js` gives it the numbers.

mod data;
mod document;
mod scene;
mod words;

pub use scene::Scene;

use super::drawn_policies::label as policy_label;
use super::number::swept;
use super::plot::{field_label, field_symbol};
use super::{Finished, OutputFile, ReportError, hgrm, json, stage_rows, table};
use crate::experiment::Estimate;
use document::{Document, PointNumbers, PolicyNumbers};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The files of a run that a report is made of.
pub struct RunFiles<'f> {
    /// `results.json`.
    pub results: &'f str,
    /// `stages.csv`; without it the stages are left out.
    pub stages: Option<&'f str>,
    /// An `.hgrm` file by its name; distributions that are not there are left out.
    pub histogram: &'f dyn Fn(&str) -> Option<String>,
    /// What the map plays; without it there is no map.
    pub scene: Option<Scene>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// `results.json` is not what a run writes.
    #[error("results.json: {0}")]
    Results(#[from] serde_json::Error),
    /// `stages.csv` is not what a run writes.
    #[error("stages.csv: {0}")]
    Stages(#[from] ::csv::Error),
}

/// `report.html` beside the other files of a run.
pub(super) fn files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    let text = |files: Vec<OutputFile>| {
        let first = files.into_iter().next();
        first.map_or_else(String::new, |file| {
            String::from_utf8_lossy(&file.bytes).into_owned()
        })
    };
    let results = text(json::files(run)?);
    let stages = text(stage_rows::files(run)?);
    let histograms = hgrm::files(run)?;
    let histogram = |name: &str| {
        let file = histograms.iter().find(|file| file.name == name)?;
        Some(String::from_utf8_lossy(&file.bytes).into_owned())
    };
    let page = page(&RunFiles {
        results: &results,
        stages: Some(&stages),
        histogram: &histogram,
        scene: run.experiment.and_then(Scene::of),
    })?;
    Ok(vec![OutputFile {
        name: "report.html".to_owned(),
        bytes: page.into_bytes(),
    }])
}

/// The page.
///
/// # Errors
/// [`PageError`], if the files are not those of a run.
pub fn page(files: &RunFiles<'_>) -> Result<String, PageError> {
    let document: Document = serde_json::from_str(files.results)?;
    let stages = files.stages.map(document::stages).transpose()?;
    let fields = document.swept_fields();
    let points = document.points();
    let places = points.iter().flat_map(|point| {
        let policies = point.policies.iter();
        policies.map(|policy| (&*point.values, &*policy.policy))
    });
    let mut names = hgrm::names(hgrm::DELAY, &fields, places).into_iter();
    let mut next_histogram = || (files.histogram)(&names.next()?);
    let stages = stages.unwrap_or_default();
    let mut data = data::of(&fields, &points, &stages, &mut next_histogram);
    data["scene"] = serde_json::to_value(&files.scene)?;
    // `<` does not end the script that holds the data.
    let data = serde_json::to_string(&data)?.replace('<', "\\u003c");
    let title = match &*document.scenario.title {
        "" => &document.name,
        title => title,
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " (edgelm)" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    h1 { (title) }
                    @for sentence in words::description(&document) { p { (sentence) } }
                }
                main {
                    (doubts(&document, &fields, &points))
                    (headline(&fields, &points))
                    (figures(&fields, &points))
                    (origin(&document))
                }
                script type="application/json" id="data" { (PreEscaped(data)) }
                script { (PreEscaped(plotly())) }
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    };
    Ok(page.into_string())
}

/// Plotly's script; the crate gives it with a second one, for formulas, which is not needed.
fn plotly() -> String {
    let scripts = plotly::Plot::offline_js_sources();
    let tag = "<script type=\"text/javascript\">";
    let first = scripts.split(tag).nth(1).unwrap_or_default().trim_end();
    first.strip_suffix("</script>").unwrap_or(first).to_owned()
}

/// What is doubtful, if anything is.
fn doubts(document: &Document, fields: &[String], points: &[PointNumbers<'_>]) -> Markup {
    let mut doubts: Vec<String> = document.warnings.clone();
    for point in points {
        let place = place(fields, point);
        for policy in point.policies {
            let name = policy_label(&policy.policy);
            let who = match &*place {
                "" => name,
                place => format!("{place}, {name}"),
            };
            doubts.extend(
                policy
                    .warnings
                    .iter()
                    .map(|doubt| format!("{who}: {doubt}")),
            );
        }
    }
    html! {
        @if !doubts.is_empty() {
            section {
                details {
                    summary { "Warnings: " (doubts.len()) }
                    ul { @for doubt in &doubts { li { (doubt) } } }
                }
            }
        }
    }
}

/// A table of every point, that of the last one open.
fn headline(fields: &[String], points: &[PointNumbers<'_>]) -> Markup {
    html! {
        section {
            h2 { "Results" }
            p class="note" {
                "Numbers are estimates with their 95 % intervals; “?” is an end that the run is \
                 too short to bound. Δ is the difference to the first policy, on the same draws."
            }
            @for (at, point) in points.iter().enumerate() {
                @let table = table_of(point.policies);
                @if points.len() == 1 {
                    (table)
                } @else {
                    details open[at + 1 == points.len()] {
                        summary { (place(fields, point)) }
                        (table)
                    }
                }
            }
        }
    }
}

fn table_of(policies: &[PolicyNumbers]) -> Markup {
    let percent = |number: document::Number| table::mean(Estimate::from(number).scaled(100.0));
    let to = policies
        .iter()
        .find_map(|policy| policy.difference.as_ref());
    html! {
        div class="wide" {
            table {
                thead {
                    tr {
                        th scope="col" { "Policy" }
                        th scope="col" { "Mean delay (ms)" }
                        th scope="col" { "p50 (ms)" }
                        th scope="col" { "p99 (ms)" }
                        th scope="col" { "Accuracy (%)" }
                        th scope="col" { "Offloaded (%)" }
                        @if let Some(to) = to {
                            @let first = policy_label(&to.to);
                            th scope="col" { "Δ delay to " (first) " (ms)" }
                            th scope="col" { "Δ accuracy (points)" }
                        }
                    }
                }
                tbody {
                    @for policy in policies {
                        tr {
                            th scope="row" { (policy_label(&policy.policy)) }
                            td { (table::mean(policy.delay_mean_ms.into())) }
                            td { (table::with_ends(policy.quantile("p50"))) }
                            td { (table::with_ends(policy.quantile("p99"))) }
                            td { (percent(policy.accuracy)) }
                            td { (percent(policy.offloaded_share)) }
                            @if to.is_some() {
                                @match &policy.difference {
                                    Some(difference) => {
                                        td { (table::mean(difference.delay_mean_ms.into())) }
                                        td { (percent(difference.accuracy)) }
                                    }
                                    None => { td { "-" } td { "-" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The figures' places; `page.js` draws them.
fn figures(fields: &[String], points: &[PointNumbers<'_>]) -> Markup {
    let figure = |id: &str, title: &str, note: &str| {
        html! {
            figure id=(id) {
                figcaption { h3 { (title) } p class="note" { (note) } }
                div class="plot" role="img" aria-label=(title) {}
            }
        }
    };
    let swept = points.len() > 1;
    html! {
        section id="figures" {
            h2 { "Figures" }
            div class="controls" {
                fieldset id="policies" { legend { "Policies" } }
                @for (at, field) in fields.iter().enumerate().skip(1) {
                    label {
                        (field_label(field)) " "
                        select data-held=(at) {}
                    }
                }
                @if swept {
                    label class="point" {
                        span { (field_label(fields.first().map_or("", String::as_str))) ": " output id="point-value" {} }
                        input type="range" id="point" min="0" step="1";
                    }
                }
            }
            @if swept {
                (figure("accuracy", "Accuracy", "Share of the queries answered right."))
                (figure("delay", "Delay", "The mean, or a quantile."))
            }
            (figure("plane", "Accuracy and delay",
                "Up and to the left is better. Filled marks are the chosen point."))
            (figure("ccdf", "Distribution of delay",
                "The share of the queries that take longer, at the chosen point. Marks are \
                 quantiles with their intervals."))
            (figure("stages", "Where the time goes",
                "Means of all queries and of the slowest 1 %, at the chosen point: what grows \
                 from one to the other makes the tail."))
            (figure("measure", "Everything else",
                "Any other measure of the run."))
            (figure("map", "One replication on the map",
                "The first measured queries of the first replication at the last point. Squares \
                 are servers with the queries that they have now, marks are users by where \
                 their query is answered, larger the longer it takes; a line joins a user to \
                 the server that has the query."))
        }
    }
}

/// How to have the same again.
fn origin(document: &Document) -> Markup {
    let scenario = document.scenario.to_ron();
    let file = format!("{}.ron", document.name);
    html! {
        section {
            h2 { "How to have the same again" }
            p {
                "Save the scenario as " code { (file) } " and run it with edgelm "
                (document.edgelm) ": the same bytes come out, on any number of threads."
            }
            pre { code { "edgelm run " (file) } }
            p class="note" {
                "Files that it names, such as tables and traces, must lie where it names them."
            }
            p { a id="save" download=(file) href="#scenario" { "Save the scenario" } }
            details {
                summary { "The scenario in full" }
                pre id="scenario" { code { (scenario) } }
            }
        }
    }
}

/// "N = 120, channel.fading = Rayleigh".
fn place(fields: &[String], point: &PointNumbers<'_>) -> String {
    let pairs = fields.iter().zip(&point.values);
    let texts = pairs.map(|(field, value)| format!("{} = {}", field_symbol(field), swept(value)));
    texts.collect::<Vec<_>>().join(", ")
}
