//! Sweeps as RON has them: one field or a list of them, values as a list or as a range.

use super::{Range, Sweep, SweptField, SweptValue, SweptValues};
use crate::scenario::notation::options;
use crate::scenario::wording::ron_message;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use ron::value::RawValue;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

impl Serialize for Sweep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Sweep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Sweep;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field and its values, or a list of such")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sweep, A::Error> {
                let one = SweptField::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Sweep(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Sweep, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Sweep)
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// Ranges as they are written.
#[derive(Deserialize)]
enum Written {
    Linear(Range),
    Logarithmic(Range),
}

impl From<Written> for SweptValues {
    fn from(written: Written) -> Self {
        match written {
            Written::Linear(range) => Self::Linear(range),
            Written::Logarithmic(range) => Self::Logarithmic(range),
        }
    }
}

impl Serialize for SweptValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, range) = match self {
            Self::List(values) => return values.serialize(serializer),
            Self::Linear(range) => ("Linear", range),
            Self::Logarithmic(range) => ("Logarithmic", range),
        };
        let Range {
            from,
            to,
            points,
            whole,
        } = range;
        let text = format!("{kind}(from: {from}, to: {to}, points: {points}, whole: {whole})");
        raw(&text)?.serialize(serializer)
    }
}

/// Text as the RON value that it is.
fn raw<E: serde::ser::Error>(text: &str) -> Result<&RawValue, E> {
    RawValue::from_ron(text).map_err(E::custom)
}

impl Serialize for SweptValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Ron(text) => raw(text)?.serialize(serializer),
        }
    }
}

/// The name of a type to which RON hands the text of a value, whatever it is: that of
/// [`RawValue`], which itself can be read from RON only.
const TEXT_OF_VALUE: &str = "$ron::private::RawValue";

impl<'de> Deserialize<'de> for SweptValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // RON hides what an error inside a value's text says.
        match deserializer.deserialize_newtype_struct(TEXT_OF_VALUE, TextOfValues)? {
            Read::Values(values) => Ok(values),
            Read::Text(text) => from_text(&text).map_err(D::Error::custom),
        }
    }
}

impl<'de> Deserialize<'de> for SweptValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT_OF_VALUE, TextOfValue)
    }
}

fn from_text(text: &str) -> Result<SweptValues, String> {
    let wrong = |error: SpannedError| ron_message(&error.code);
    match text.chars().next() {
        Some('[') => options()
            .from_str(text)
            .map(SweptValues::List)
            .map_err(wrong),
        Some(first) if first.is_alphabetic() => {
            let of_variants = Extensions::UNWRAP_VARIANT_NEWTYPES;
            let options = options().with_default_extension(of_variants);
            let written: Result<Written, _> = options.from_str(text);
            written.map(SweptValues::from).map_err(wrong)
        }
        _ => {
            let allowed = "a list, `Linear(..)` or `Logarithmic(..)`";
            Err(format!("found {text}, allowed is {allowed}"))
        }
    }
}

/// Values, or their text as RON has it.
enum Read {
    Text(String),
    Values(SweptValues),
}

/// Takes the text of values from RON, or values from other formats, such as `results.json`.
struct TextOfValues;

impl<'de> Visitor<'de> for TextOfValues {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, `Linear(..)` or `Logarithmic(..)`")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, of: D) -> Result<Read, D::Error> {
        of.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Read, A::Error> {
        let values = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Read::Values(SweptValues::List(values)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Read, E> {
        let raw = RawValue::from_ron(text).map_err(E::custom)?;
        Ok(Read::Text(raw.trim().get_ron().to_owned()))
    }
}

/// Takes the text of a value from RON; from other formats a number, or the text as
/// [`SweptValue`] writes it.
struct TextOfValue;

impl<'de> Visitor<'de> for TextOfValue {
    type Value = SweptValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a value as RON")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, of: D) -> Result<SweptValue, D::Error> {
        of.deserialize_any(self)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<SweptValue, E> {
        Ok(SweptValue::Number(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SweptValue, E> {
        let text = RawValue::from_ron(text)
            .map_err(E::custom)?
            .trim()
            .get_ron();
        Ok(match options().from_str::<f64>(text) {
            Ok(number) => SweptValue::Number(number),
            Err(_) => SweptValue::Ron(text.to_owned()),
        })
    }
}
