//! Policies as a scenario writes them; what has its default is left out.

use super::{
    PolicySpec, default_epsilon_ms, default_max_nodes, default_start, default_step,
    default_time_limit_ms, default_window,
};
use crate::plan::Payload;
use std::fmt;

impl fmt::Display for PolicySpec {
    /// As a scenario writes it, or under the name that it has there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Labelled { label, .. } = self {
            return f.write_str(label);
        }
        f.write_str(self.kind())?;
        let fields = self.fields();
        if fields.is_empty() {
            return Ok(());
        }
        let written: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        write!(f, "({})", written.join(", "))
    }
}

impl PolicySpec {
    /// The kind's name without its parameters.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EdgeAll => "EdgeAll",
            Self::LocalAll => "LocalAll",
            Self::MinDelay => "MinDelay",
            Self::Goa { .. } => "Goa",
            Self::Random { .. } => "Random",
            Self::Marginal { .. } => "Marginal",
            Self::Refined { .. } => "Refined",
            Self::Optimal { .. } => "Optimal",
            Self::NearestServer => "NearestServer",
            Self::StrongestSignal => "StrongestSignal",
            Self::LeastLoaded => "LeastLoaded",
            Self::PowerOfTwo => "PowerOfTwo",
            Self::JoinShortestQueue => "JoinShortestQueue",
            Self::Threshold { .. } => "Threshold",
            Self::Deadline { .. } => "Deadline",
            Self::AccuracyOracle => "AccuracyOracle",
            Self::AdaptiveTau { .. } => "AdaptiveTau",
            Self::RecServe { .. } => "RecServe",
            Self::Uhlm { .. } => "Uhlm",
            Self::Corrected { .. } => "Corrected",
            Self::SpecDecode { .. } => "SpecDecode",
            Self::Race { .. } => "Race",
            Self::CloudOnly => "CloudOnly",
            Self::EdgeFirst => "EdgeFirst",
            Self::PricedAssociation { .. } => "PricedAssociation",
            Self::FairAssociation { .. } => "FairAssociation",
            Self::Timed { .. } => "Timed",
            Self::Labelled { .. } => "Labelled",
            Self::Learned { .. } => "Learned",
            Self::External { .. } => "External",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let mut add = |name, value: String| fields.push((name, value));
        if let Some(tau) = self.tau() {
            if let Some(tau) = tau.value {
                add("tau", format!("{tau:?}"));
            }
            if let Some(quantile) = tau.quantile {
                add("tau_quantile", format!("{quantile:?}"));
            }
        }
        match self {
            Self::Random { like } => add("like", like.to_string()),
            Self::Refined { start, .. } if *start != Default::default() => {
                add("start", format!("{start:?}"));
            }
            Self::Optimal { max_nodes, .. } if *max_nodes != default_max_nodes() => {
                add("max_nodes", max_nodes.to_string());
            }
            Self::Threshold { to, .. } if *to != Default::default() => {
                add("to", format!("{to:?}"));
            }
            Self::RecServe {
                beta,
                window,
                to_cloud,
                ..
            } => {
                add("beta", format!("{beta:?}"));
                if *window != default_window() {
                    add("window", window.to_string());
                }
                if *to_cloud {
                    add("to_cloud", "true".to_owned());
                }
            }
            Self::Uhlm { threshold, .. } => add("threshold", format!("{threshold:?}")),
            Self::Corrected { probability, .. } => {
                add("probability", format!("{probability:?}"));
            }
            Self::SpecDecode {
                gamma: Some(gamma), ..
            } => add("gamma", gamma.to_string()),
            Self::Race { tau, .. } => add("tau", format!("{tau:?}")),
            Self::Deadline { slack_ms } => add("slack_ms", format!("{slack_ms:?}")),
            Self::AdaptiveTau {
                target,
                start,
                step,
            } => {
                add("target", format!("{target:?}"));
                if *start != default_start() {
                    add("start", format!("{start:?}"));
                }
                if *step != default_step() {
                    add("step", format!("{step:?}"));
                }
            }
            Self::PricedAssociation { epsilon_ms } if *epsilon_ms != default_epsilon_ms() => {
                add("epsilon_ms", format!("{epsilon_ms:?}"));
            }
            Self::FairAssociation { alpha } => add("alpha", format!("{alpha:?}")),
            Self::Timed { policy, takes } => {
                add("policy", policy.to_string());
                add("takes", format!("{takes:?}"));
            }
            Self::Learned { file, .. } => add("file", format!("{file:?}")),
            Self::External {
                command,
                time_limit_ms,
            } => {
                add("command", format!("{command:?}"));
                if *time_limit_ms != default_time_limit_ms() {
                    add("time_limit_ms", time_limit_ms.to_string());
                }
            }
            _ => {}
        }
        if let Self::Uhlm { payload, .. }
        | Self::Corrected { payload, .. }
        | Self::SpecDecode { payload, .. } = self
            && *payload != Default::default()
        {
            add("payload", written(payload));
        }
        if let Self::RecServe { to, .. }
        | Self::Uhlm { to, .. }
        | Self::Corrected { to, .. }
        | Self::SpecDecode { to, .. }
        | Self::Race { to, .. } = self
            && *to != Default::default()
        {
            add("to", format!("{to:?}"));
        }
        fields
    }
}

fn written(payload: &Payload) -> String {
    match payload {
        Payload::TokenIds => "TokenIds".to_owned(),
        Payload::TopK { k, bits } => format!("TopK(k: {k}, bits: {bits})"),
        Payload::Distribution { bits } => format!("Distribution(bits: {bits})"),
    }
}
