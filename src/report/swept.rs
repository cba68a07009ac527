//! How rows, titles and file names say at which point of a sweep something was found.

use super::number::swept;
use crate::scenario::SweptValue;
use serde::Serialize;

/// The columns that name the swept fields and their values: `sweep` and `value`, and for
/// every further field `sweep_2` and `value_2`, and so on.
pub(super) fn columns(fields: &[String]) -> Vec<String> {
    let numbers = 1..=fields.len().max(1);
    numbers
        .flat_map(|number| ["sweep", "value"].map(|name| numbered(name, number)))
        .collect()
}

fn numbered(name: &str, number: usize) -> String {
    match number {
        1 => name.to_owned(),
        number => format!("{name}_{number}"),
    }
}

/// The same columns' fields at a point; both empty without a sweep.
pub(super) fn cells(fields: &[String], values: &[SweptValue]) -> Vec<String> {
    if fields.is_empty() {
        return vec![String::new(); 2];
    }
    let pairs = fields.iter().zip(values);
    pairs
        .flat_map(|(field, value)| [field.clone(), swept(value)])
        .collect()
}

/// `users.count = 60, channel.fading = Rayleigh`; empty without a sweep.
pub(crate) fn title(fields: &[String], values: &[SweptValue]) -> String {
    let pairs = fields.iter().zip(values);
    let parts: Vec<String> = pairs
        .map(|(field, value)| format!("{field} = {}", swept(value)))
        .collect();
    parts.join(", ")
}

/// As JSON: nothing is null, one stands by itself, several are a list.
pub(super) fn one_or_list<T: Serialize>(several: &[T]) -> serde_json::Value {
    match several {
        [] => serde_json::Value::Null,
        [one] => serde_json::json!(one),
        several => serde_json::json!(several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_fields_have_columns_of_their_own() {
        let fields = ["a".to_owned(), "b".to_owned()];
        let values = [SweptValue::Number(60.0), SweptValue::Ron("None".to_owned())];
        assert_eq!(columns(&[]), ["sweep", "value"]);
        assert_eq!(cells(&[], &[]), ["", ""]);
        assert_eq!(columns(&fields), ["sweep", "value", "sweep_2", "value_2"]);
        assert_eq!(cells(&fields, &values), ["a", "60", "b", "None"]);
        assert_eq!(title(&fields, &values), "a = 60, b = None");
        let json = [
            one_or_list(&values),
            one_or_list(&values[..1]),
            one_or_list(&values[..0]),
        ];
        assert_eq!(
            serde_json::json!(json),
            serde_json::json!([[60.0, "None"], 60.0, null])
        );
    }
}
