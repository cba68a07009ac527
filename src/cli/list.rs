//! `edgelm list`: the scenarios that edgelm carries.

use super::{Failure, print};
use crate::scenario::carried;
use comfy_table::{ContentArrangement, Table, presets};

/// List the scenarios that edgelm carries: `edgelm run NAME` runs one of them anywhere
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<(), Failure> {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for carried in carried::all() {
        table.add_row([carried.name.clone(), carried.title()]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    print(&format!("{}\n", table.trim_fmt()))
}
