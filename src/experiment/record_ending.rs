//! How the names of files that hold records end.

/// The ending of files that hold records, any number each.
pub(super) const RECORDS_ENDING: &str = "records";

/// Their ending in versions that called a task a cell.
pub(super) const FORMER_ENDING: &str = "cells";
