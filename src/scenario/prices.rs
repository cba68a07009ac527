//! What sending, computing and wrong answers cost.

use serde::{Deserialize, Serialize};

/// One ledger of prices, in any currency; what is left out costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// Of 10^9 bytes over the air, up or down.
    pub per_gigabyte_air: f64,
    /// Of 10^9 bytes between the edge and the cloud.
    pub per_gigabyte_backhaul: f64,
    /// Of 10^15 FLOP on a device.
    pub per_device_pflop: f64,
    /// Of 10^15 FLOP at a server or in the cloud.
    pub per_server_pflop: f64,
    /// Of an answer that is wrong or missing.
    pub per_wrong_answer: f64,
}

impl Prices {
    /// The prices by their fields' names.
    pub fn by_name(&self) -> [(&'static str, f64); 5] {
        [
            ("per_gigabyte_air", self.per_gigabyte_air),
            ("per_gigabyte_backhaul", self.per_gigabyte_backhaul),
            ("per_device_pflop", self.per_device_pflop),
            ("per_server_pflop", self.per_server_pflop),
            ("per_wrong_answer", self.per_wrong_answer),
        ]
    }
}
