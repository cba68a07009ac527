//! The paper's formulas, each in one place: what a server hears, what it
//! shares, and how long that takes.
//!
//! Both the stations that serve and the policies that predict use these; they
//! hold no state and draw nothing.

pub mod allocation;
pub mod gains;
pub mod interference;
pub mod logarithm;
pub mod radio;
pub mod share;
pub mod unit_circle;
