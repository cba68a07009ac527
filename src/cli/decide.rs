//! `edgelm decide`: one decision for a snapshot that the user brings.

use super::{Failure, print};
use crate::external::Programs;
use crate::physics::radio::Interference;
use crate::policy::{self, Build, PolicySpec};
use crate::scenario::{Diagnostic, Instance, policy_from_text, without_mark};
use crate::snapshot::{Choice, Service, services};
use crate::uncertainty::Quantiles;
use clap::ValueEnum;
use serde::Serialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Decide one snapshot given as JSON, and print the assignment with its delays
///
/// The instance is in SI units: {"tx_power_w", "noise_w", "users": [{"uncertainty",
/// "query_bits", "slm_flop", "llm_flop", "local_flops"}], "servers": [{"flops",
/// "max_flops_per_user", "bandwidth_hz"}], "gain": [[linear power gain, users x
/// servers]]}.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The instance, a JSON file; `-` reads standard input
    instance: PathBuf,
    /// The policy as a scenario writes it, for example 'Goa(tau: 0.6)'
    #[arg(long)]
    policy: String,
    /// How the interference of Eq. 3 is read
    #[arg(long, value_enum, default_value = "co-channel", ignore_case = true)]
    interference: Reading,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reading {
    #[value(name = "co-channel", alias = "CoChannel")]
    CoChannel,
    #[value(name = "as-printed", alias = "AsPrinted")]
    AsPrinted,
    #[value(name = "orthogonal", alias = "Orthogonal")]
    Orthogonal,
}

/// What is printed; -1 in `assignment` is local.
#[derive(Debug, Serialize)]
struct Answer {
    policy: String,
    assignment: Vec<i64>,
    delays_s: Vec<f64>,
    objective_s: f64,
    mean_delay_s: f64,
    decision_us: f64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let spec = policy_from_text(&args.policy, "--policy")?;
    if spec.needs_table() {
        return Err(Diagnostic::new(
            "--policy: `tau_quantile` needs an uncertainty table, which an instance does not have",
        )
        .help("give the threshold itself: `tau`")
        .into());
    }
    let (name, text) = read(&args.instance)?;
    let instance = Instance::from_json(&text, &name)?;
    let answer = decide(&spec, &instance, args.interference)?;
    let json = serde_json::to_string(&answer)
        .map_err(|error| Failure::Failed(format!("cannot write the answer: {error}")))?;
    print(&format!("{json}\n"))
}

fn read(path: &Path) -> Result<(PathBuf, String), Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Diagnostic::new(format!("cannot read standard input: {error}")))?;
        return Ok((PathBuf::from("<stdin>"), without_mark(text)));
    }
    Ok((path.to_owned(), crate::scenario::read(path)?))
}

fn decide(spec: &PolicySpec, instance: &Instance, reading: Reading) -> Result<Answer, Failure> {
    let interference = match reading {
        Reading::CoChannel => Interference::CoChannel,
        Reading::AsPrinted => Interference::AsPrinted,
        Reading::Orthogonal => Interference::Orthogonal,
    };
    let data = instance.snapshot(interference);
    let view = data.view();
    // No threshold of `spec` is a quantile, so that the table is never asked.
    let programs = Programs::in_folder(PathBuf::new());
    let mut policy = spec.build(&Build {
        quantiles: Quantiles::Ranks,
        external: &|external| programs.policy(external),
    });
    let failed = |error: policy::PolicyError| Failure::Failed(format!("policy {spec}: {error}"));
    policy.begin_replication();
    let started = Instant::now();
    let decision = policy.decide(&view).map_err(failed)?;
    let decision_us = started.elapsed().as_secs_f64() * 1e6;
    policy::check(&view, &decision).map_err(failed)?;
    let delays_s: Vec<f64> = services(&view, &decision)
        .iter()
        .map(|service: &Service| service.total().0)
        .collect();
    if let Some(user) = delays_s.iter().position(|delay| !delay.is_finite()) {
        let gain = match decision.choices[user] {
            Choice::Edge(server) => view.gain(user, server),
            Choice::Local => f64::NAN,
        };
        return Err(Failure::Failed(if gain == 0.0 {
            format!("policy {spec} sends user {user} over a link of gain 0, which carries nothing")
        } else {
            format!(
                "under policy {spec} the delay of user {user} is {}, which is no delay: values of \
                 the instance are too great or too small together",
                delays_s[user]
            )
        }));
    }
    let objective_s = crate::snapshot::objective(&view, &decision).0;
    let mean_delay_s = delays_s.iter().sum::<f64>() / delays_s.len() as f64;
    if !(objective_s.is_finite() && mean_delay_s.is_finite()) {
        return Err(Failure::Failed(format!(
            "under policy {spec} the delays add up to {mean_delay_s:e} s a user, which is no \
             mean: values of the instance are too great or too small together"
        )));
    }
    Ok(Answer {
        policy: spec.to_string(),
        assignment: decision
            .choices
            .iter()
            .map(|choice| match choice {
                Choice::Local => -1,
                Choice::Edge(server) => *server as i64,
            })
            .collect(),
        objective_s,
        mean_delay_s,
        delays_s,
        decision_us,
    })
}
