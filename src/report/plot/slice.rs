//! Results along one swept field: what one figure shows of a sweep.

use super::{Axis, field_label, field_symbol};
use crate::experiment::{Gap, GapPoint, PointResult, Results};
use crate::report::file_name::safe;
use crate::report::number::swept;
use crate::scenario::SweptValue;

/// The points along the first swept field, each of the others at one of its values; without
/// a sweep the one point.
pub(super) struct Slice<'r, P> {
    /// A name for each policy that holds at every point.
    pub series: &'r [String],
    /// The points, in the order of the sweep.
    pub points: Vec<Along<'r, P>>,
    field: &'r str,
    /// The other fields, and their values here.
    held: Vec<(&'r str, &'r SweptValue)>,
    has_numbers: bool,
}

/// A point on a slice.
pub(super) struct Along<'r, P> {
    /// Its place on the axis of the swept field: the value or, where not all are numbers,
    /// which of them it is.
    pub x: Option<f64>,
    pub point: &'r P,
    value: Option<&'r SweptValue>,
}

impl<'r> Slice<'r, PointResult> {
    /// The one slice of results over at most one field.
    #[cfg(test)]
    pub fn only(results: &'r Results) -> Self {
        Self::of_results(results).remove(0)
    }

    /// The slices of a run's results.
    pub fn of_results(results: &'r Results) -> Vec<Self> {
        let places = results.points.iter().map(|point| (&*point.values, point));
        slices(&results.swept_fields, &results.series, places)
    }
}

impl<'r> Slice<'r, GapPoint> {
    /// The slices of gaps.
    pub fn of_gap(gap: &'r Gap) -> Vec<Self> {
        let places = gap.points.iter().map(|point| (&*point.values, point));
        slices(&gap.swept_fields, &gap.series, places)
    }
}

fn slices<'r, P>(
    fields: &'r [String],
    series: &'r [String],
    points: impl Iterator<Item = (&'r [SweptValue], &'r P)>,
) -> Vec<Slice<'r, P>> {
    let (field, others) = match fields {
        [first, others @ ..] => (first.as_str(), others),
        [] => ("", &[][..]),
    };
    let mut slices: Vec<Slice<'r, P>> = Vec::new();
    let mut last: Option<&[SweptValue]> = None;
    for (values, point) in points {
        let held = values.get(1..).unwrap_or_default();
        if last != Some(held) {
            slices.push(Slice {
                series,
                points: Vec::new(),
                field,
                held: others.iter().map(String::as_str).zip(held).collect(),
                has_numbers: true,
            });
            last = Some(held);
        }
        if let Some(slice) = slices.last_mut() {
            slice.points.push(Along {
                x: None,
                point,
                value: values.first(),
            });
        }
    }
    for slice in &mut slices {
        let values = slice.points.iter().filter_map(|along| along.value);
        slice.has_numbers = values.clone().all(|value| value.number().is_some());
        for (at, along) in slice.points.iter_mut().enumerate() {
            along.x = along.value.map(|value| match value.number() {
                Some(number) if slice.has_numbers => number,
                _ => at as f64,
            });
        }
    }
    slices
}

impl<P> Slice<'_, P> {
    /// Whether anything varies along it.
    pub fn is_swept(&self) -> bool {
        self.xs().len() > 1
    }

    /// Whether the field is a parameter of policies, so that the world is the same all
    /// along it.
    pub fn is_of_policies(&self) -> bool {
        self.field.starts_with("policies")
    }

    /// Where the points lie on the axis of the swept field.
    pub fn xs(&self) -> Vec<f64> {
        self.points.iter().filter_map(|along| along.x).collect()
    }

    /// The axis of the swept field, with its label or without.
    pub fn axis(&self, has_label: bool) -> Axis {
        let label = match has_label {
            true => field_label(self.field),
            false => String::new(),
        };
        match self.has_numbers {
            true => Axis::swept(&label, &self.xs()),
            false => Axis::categories(
                &label,
                self.points.iter().filter_map(|p| Some(swept(p.value?))),
            ),
        }
    }

    /// A figure's title: that of the study, and what is held.
    pub fn title(&self, title: &str) -> String {
        let held = self
            .held
            .iter()
            .map(|(field, value)| format!("{} = {}", field_symbol(field), swept(value)));
        let parts = std::iter::once(title.to_owned()).filter(|title| !title.is_empty());
        parts.chain(held).collect::<Vec<_>>().join(", ")
    }

    /// A figure's file name without its ending: that of the figure, and what is held.
    pub fn file_name(&self, figure: &str) -> String {
        let held = self
            .held
            .iter()
            .map(|(field, value)| format!("_{field}={}", swept(value)));
        safe(&format!("{figure}{}", held.collect::<String>()))
    }

    /// "N = 120" of a point, empty without a sweep.
    pub fn note(&self, along: &Along<'_, P>) -> String {
        along.value.map_or_else(String::new, |value| {
            format!("{} = {}", field_symbol(self.field), swept(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_grid_has_a_figure_for_each_value_of_the_other_fields() {
        let mut results = fixture::sweep(6, 2);
        results.swept_fields.push("channel.fading".to_owned());
        for (at, point) in results.points.iter_mut().enumerate() {
            let fading = ["Rayleigh", "Rician(k_db: 10)"][at / 3];
            point.values.push(SweptValue::Ron(fading.to_owned()));
        }
        let slices = Slice::of_results(&results);
        assert_eq!(slices.len(), 2);
        assert_eq!(slices[0].xs(), [60.0, 70.0, 80.0]);
        assert_eq!(slices[0].title("Study"), "Study, channel.fading = Rayleigh");
        assert_eq!(
            slices[1].file_name("accuracy"),
            "accuracy_channel.fading=Rician(k_db=10)"
        );
        assert_eq!(slices[1].note(&slices[1].points[2]), "N = 110");
    }

    #[test]
    fn values_that_are_no_numbers_have_places_of_their_own() {
        let mut results = fixture::sweep(2, 1);
        results.swept_fields = vec!["channel.fading".to_owned()];
        for (point, value) in results.points.iter_mut().zip(["None", "Rayleigh"]) {
            point.values = vec![SweptValue::Ron(value.to_owned())];
        }
        let slice = &Slice::of_results(&results)[0];
        assert_eq!(slice.xs(), [0.0, 1.0]);
        let ticks = slice.axis(true).ticks;
        assert_eq!(
            ticks,
            [(0.0, "None".to_owned()), (1.0, "Rayleigh".to_owned())]
        );
    }
}
