//! Which parameters of policies are allowed.

use super::PolicySpec;
use super::threshold::Tau;
use crate::policy::{DecisionTime, Target};

/// What is wrong with a policy's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecFault {
    /// The field's path inside the policy, such as `.tau` or `.like.tau`; empty
    /// for the policy as a whole.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What is allowed there.
    pub allowed: String,
}

impl SpecFault {
    fn new(field: &str, found: impl ToString, allowed: &str) -> Self {
        Self {
            field: field.to_owned(),
            found: found.to_string(),
            allowed: allowed.to_owned(),
        }
    }

    /// The fault of a policy in a field of another.
    fn inside(self, field: &str) -> Self {
        Self {
            field: format!("{field}{}", self.field),
            ..self
        }
    }
}

impl PolicySpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), SpecFault> {
        if let Some(tau) = self.tau() {
            tau.check()?;
        }
        match self {
            Self::Random { like } => like.check().map_err(|fault| fault.inside(".like")),
            Self::PricedAssociation { epsilon_ms } => delay_ms(".epsilon_ms", *epsilon_ms),
            // Beyond, powers of delays that are far apart leave what a number holds.
            Self::FairAssociation { alpha } if !(0.0..=50.0).contains(alpha) => {
                Err(SpecFault::new(".alpha", alpha, "a number from 0 to 50"))
            }
            Self::Timed { policy, takes } => {
                if let DecisionTime::FixedMs(ms) = *takes {
                    delay_ms(".takes", ms)?;
                }
                policy.check().map_err(|fault| fault.inside(".policy"))
            }
            Self::Labelled { policy, label } => {
                label_of_a_policy(label)?;
                policy.check().map_err(|fault| fault.inside(".policy"))
            }
            Self::Optimal { max_nodes: 0, .. } => Err(SpecFault::new(
                ".max_nodes",
                0,
                "a whole number of at least 1",
            )),
            Self::RecServe { beta, window, .. } => {
                unit_interval(".beta", *beta)?;
                let allowed = "a whole number of at least 1";
                match window {
                    0 => Err(SpecFault::new(".window", window, allowed)),
                    _ => Ok(()),
                }
            }
            Self::Uhlm { threshold, .. } => unit_interval(".threshold", *threshold),
            Self::Corrected { probability, .. } => unit_interval(".probability", *probability),
            Self::Race { tau, .. } => unit_interval(".tau", *tau),
            Self::Deadline { slack_ms } => delay_ms(".slack_ms", *slack_ms),
            Self::AdaptiveTau {
                target,
                start,
                step,
            } => {
                match *target {
                    Target::DelayP99Ms(limit) => delay_ms(".target", limit)?,
                    Target::OffloadedShare(share) => unit_interval(".target", share)?,
                }
                unit_interval(".start", *start)?;
                positive(".step", *step)?;
                unit_interval(".step", *step)
            }
            Self::External {
                command,
                time_limit_ms,
            } => {
                if command.first().is_none_or(String::is_empty) {
                    return Err(SpecFault::new(
                        ".command",
                        "no program",
                        "a program and its arguments, such as [\"python3\", \"my_policy.py\"]",
                    ));
                }
                if *time_limit_ms == 0 {
                    return Err(SpecFault::new(
                        ".time_limit_ms",
                        0,
                        "a whole number of at least 1",
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Tau {
    fn check(self) -> Result<(), SpecFault> {
        match (self.value, self.quantile) {
            (Some(tau), None) => unit_interval(".tau", tau),
            (None, Some(quantile)) => unit_interval(".tau_quantile", quantile),
            (Some(_), Some(_)) => Err(SpecFault::new(
                "",
                "both `tau` and `tau_quantile`",
                "one of them",
            )),
            (None, None) => Err(SpecFault::new(
                "",
                "no threshold",
                "`tau: 0.6`, or `tau_quantile: 0.4`",
            )),
        }
    }
}

/// What fits a column of a table and a legend of a figure.
fn label_of_a_policy(label: &str) -> Result<(), SpecFault> {
    let fits = !label.trim().is_empty() && label.trim() == label && label.chars().count() <= 60;
    if fits && !label.contains(char::is_control) {
        return Ok(());
    }
    let allowed = "1 to 60 characters, no line breaks, and no spaces at the ends";
    Err(SpecFault::new(".label", format!("{label:?}"), allowed))
}

fn unit_interval(field: &str, value: f64) -> Result<(), SpecFault> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(SpecFault::new(field, value, "a number from 0 to 1"))
    }
}

/// A delay to be compared with: from a nanosecond to what a histogram of delays holds.
fn delay_ms(field: &str, value: f64) -> Result<(), SpecFault> {
    if (1e-6..=1e12).contains(&value) {
        Ok(())
    } else {
        Err(SpecFault::new(field, value, "a number from 1e-6 to 1e12"))
    }
}

fn positive(field: &str, value: f64) -> Result<(), SpecFault> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(SpecFault::new(field, value, "a positive, finite number"))
    }
}
