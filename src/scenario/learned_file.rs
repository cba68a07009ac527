//! Networks of learned policies, in files that a scenario names.

use super::pointing::Source;
use super::text_place::byte_offset;
use super::{Diagnostic, Place, Scenario};
use crate::fault::Fault;
use crate::policy::observation::Shape;
use crate::policy::{Network, PolicySpec};
use std::path::Path;

impl Source {
    /// Puts what is in their files into the policies that were learned.
    ///
    /// # Errors
    /// A file cannot be read, or holds no network.
    pub(super) fn read_networks(&self, scenario: &mut Scenario) -> Result<(), Diagnostic> {
        for (at, policy) in scenario.policies.iter_mut().enumerate() {
            let field = format!("policies[{at}]");
            read_network(policy, &|file| {
                let (path, text) = self.referred_text(&field, file)?;
                parse(&text, &path)
            })?;
        }
        Ok(())
    }
}

/// Puts what `read` finds in its file into a policy that was learned, or into the one inside
/// it.
///
/// # Errors
/// Those of `read`.
pub(super) fn read_network(
    policy: &mut PolicySpec,
    read: &dyn Fn(&Path) -> Result<Network, Diagnostic>,
) -> Result<(), Diagnostic> {
    if let PolicySpec::Learned { file, network } = policy
        && network.is_none()
    {
        *network = Some(read(file)?);
    }
    match policy.inner_mut() {
        Some(inner) => read_network(inner, read),
        None => Ok(()),
    }
}

/// Reads a network from JSON.
///
/// # Errors
/// It is none; where that shows.
pub(super) fn parse(text: &str, file: &Path) -> Result<Network, Diagnostic> {
    serde_json::from_str(text).map_err(|error| {
        let start = byte_offset(text, error.line(), error.column());
        let message = format!("{}: found no network: {error}", file.display());
        Diagnostic::new(message)
            .at(Place {
                file: file.to_owned(),
                span: start..start,
                text: text.into(),
            })
            .help("allowed: JSON with `features`, `mean`, `deviation` and `layers`")
    })
}

/// Whether the networks of a scenario's policies fit its servers: field and fault of each that
/// does not.
pub(super) fn faults(scenario: &Scenario) -> Vec<Fault> {
    let shape = Shape {
        servers: scenario.servers.number(),
        batches: scenario.servers.serving.is_some(),
    };
    let policies = scenario.policies.iter().enumerate();
    let faults = policies.filter_map(|(at, policy)| {
        let network = network(policy)?;
        let fault = network.check(shape).err()?;
        Some(Fault {
            field: format!("policies[{at}].{}", fault.field),
            ..fault
        })
    });
    faults.collect()
}

fn network(policy: &PolicySpec) -> Option<&Network> {
    policy.nested().find_map(|policy| match policy {
        PolicySpec::Learned { network, .. } => network.as_ref(),
        _ => None,
    })
}
