//! Where queries are served: stations that hold jobs at rates which change.
//!
//! | station | discipline |
//! |---|---|
//! | [`uplink`] | every cell's transmissions, coupled by interference, each at its share of the bandwidth |
//! | [`edge`] | a server's compute: processor sharing with a cap per job, or first come first served |
//! | [`device`] | a user's own device: first come first served |
//!
//! A station keeps work already done: rates change, what remains does not jump.
//! [`naive`] holds their slow, obvious twins, which the tests run in lockstep.

pub mod device;
pub mod edge;
pub mod naive;
pub mod stage;
pub mod uplink;
