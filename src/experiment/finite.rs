//! No result may be infinite or no number at all, nor so great that what is computed from
//! it would be: it would look like a result.

use super::ReplicationRecord;
use crate::station::stage::Stage;

/// The greatest sum, in the unit of its field: intervals need its fourth power.
const GREATEST: f64 = 1e60;

/// The first field of a record that is not finite or too great, with its value.
pub(super) fn beyond_all_results(record: &ReplicationRecord) -> Option<(String, f64)> {
    let load = &record.load;
    let sums = [
        ("delay_sum_s", record.delay_sum_s),
        // Of delays that are not too great.
        ("delay_squares_s2", record.delay_squares_s2.sqrt()),
        ("objective_s", record.objective_s),
        ("transmit_s", record.transmit_s),
        ("device_flop", record.device_flop),
        ("edge_flop", record.edge_flop),
        ("load.warm_up_s", load.warm_up_s),
        ("load.window_s", load.window_s),
        ("load.busiest_device_s", load.busiest_device_s),
        ("load.device_area_s", load.device_area_s),
        ("load.device_busy_s", load.device_busy_s),
        ("load.waiting_area_s", load.waiting_area_s),
        ("threshold_at_end", record.threshold_at_end.unwrap_or(0.0)),
    ];
    let by_server = [
        ("load.offered_s", &load.offered_s),
        ("load.uplink_area_s", &load.uplink_area_s),
        ("load.edge_area_s", &load.edge_area_s),
        ("load.edge_busy_s", &load.edge_busy_s),
    ];
    let stages = Stage::ALL.into_iter().map(|stage| {
        let field = format!("stages.{}", stage.name());
        (field, record.stages[stage])
    });
    // The stages first: of all that a broken one breaks they say the most.
    stages
        .chain(sums.map(|(field, value)| (field.to_owned(), value)))
        .chain(by_server.into_iter().flat_map(|(field, values)| {
            let each = values.iter().enumerate();
            each.map(move |(server, value)| (format!("{field}[{server}]"), *value))
        }))
        .find(|(_, value)| !(-GREATEST..=GREATEST).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_no_number_is_named() {
        let mut record = ReplicationRecord::default();
        assert_eq!(beyond_all_results(&record), None);
        record.load.edge_busy_s = vec![0.5, f64::INFINITY];
        let found = beyond_all_results(&record);
        assert_eq!(
            found,
            Some(("load.edge_busy_s[1]".to_owned(), f64::INFINITY))
        );
        record.delay_sum_s = f64::NAN;
        assert_eq!(
            beyond_all_results(&record).map(|f| f.0).as_deref(),
            Some("delay_sum_s")
        );
    }
}
