//! Phones that serve the small model token by token.

use crate::fault::Fault;
use crate::llm::{Catalog, StepLaw};
use serde::{Deserialize, Serialize};

/// How users' devices serve the small model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PhoneSpec {
    /// A query is a lump of work at the device's capacity (paper).
    #[default]
    Lump,
    /// Prompt and answer take what hardware and model of the catalogue give.
    Phone {
        /// The small model.
        model: String,
        /// What it runs on.
        hardware: String,
        /// Share of its rates that it keeps over minutes, above 0 and at most 1.
        #[serde(default = "whole")]
        sustained_share: f64,
    },
}

impl PhoneSpec {
    /// How long a step takes; `None` for a lump of work.
    ///
    /// # Errors
    /// A name that the catalogue does not have, with the nearest; a share out of range.
    pub fn law(&self, catalog: &Catalog) -> Result<Option<StepLaw>, Fault> {
        let Self::Phone {
            model,
            hardware,
            sustained_share,
        } = self
        else {
            return Ok(None);
        };
        if !(*sustained_share > 0.0 && *sustained_share <= 1.0) {
            let allowed = "a number above 0 and at most 1";
            return Err(Fault::new("sustained_share", sustained_share, allowed));
        }
        let model = catalog.find_model("model", model)?.model();
        let hardware = catalog.find_hardware("hardware", hardware)?.hardware();
        Ok(Some(StepLaw::roofline(
            &model,
            sustained_share * hardware.tflops * 1e12,
            sustained_share * hardware.gb_per_s * 1e9,
            hardware.step_ms * 1e-3,
        )))
    }
}

fn whole() -> f64 {
    1.0
}
