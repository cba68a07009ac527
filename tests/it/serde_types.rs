//! Which types a type is made of, as its `Deserialize` asks for them: names of fields
//! and variants that follow the code by themselves.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use std::collections::{BTreeMap, BTreeSet};

/// The structs and variants that were met.
#[derive(Debug, Default)]
pub struct Types {
    /// Fields of structs, and of variants that have named fields under `Enum::Variant`.
    pub fields: BTreeMap<String, Vec<&'static str>>,
    /// Variants without a value, by their enum.
    pub unit_variants: BTreeSet<(&'static str, &'static str)>,
    /// Variants with values that have no names, by their enum.
    pub tuple_variants: BTreeSet<(&'static str, &'static str)>,
    /// Of each enum, all variants and how many values of it have been made: they take
    /// its variants in turn.
    enums: BTreeMap<&'static str, (&'static [&'static str], usize)>,
}

impl Types {
    /// All types of `T`, by making many values of it.
    pub fn of<'de, T: Deserialize<'de>>() -> Self {
        let mut types = Self::default();
        for _ in 0..400 {
            T::deserialize(Walk(&mut types)).unwrap_or_else(|error| panic!("{error}"));
        }
        for (name, (variants, made)) in &types.enums {
            assert!(*made >= 2 * variants.len(), "{name} was met {made} times");
        }
        types
    }
}

/// Gives a type whatever it asks for.
struct Walk<'t>(&'t mut Types);

macro_rules! gives {
    ($($method:ident => $visit:ident($value:expr);)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Walk<'_> {
    type Error = Error;

    gives! {
        deserialize_bool => visit_bool(true);
        deserialize_i8 => visit_i8(1);
        deserialize_i16 => visit_i16(1);
        deserialize_i32 => visit_i32(1);
        deserialize_i64 => visit_i64(1);
        deserialize_u8 => visit_u8(1);
        deserialize_u16 => visit_u16(1);
        deserialize_u32 => visit_u32(1);
        deserialize_u64 => visit_u64(1);
        deserialize_f32 => visit_f32(1.0);
        deserialize_f64 => visit_f64(1.0);
        deserialize_char => visit_char('x');
        deserialize_str => visit_str("x");
        deserialize_string => visit_str("x");
        deserialize_bytes => visit_bytes(b"x");
        deserialize_byte_buf => visit_bytes(b"x");
        deserialize_identifier => visit_str("x");
    }

    /// What may be one or a list is a list.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            // What wants the text of a value: that of a list.
            "$ron::private::RawValue" => visitor.visit_str("[1]"),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(1, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Several {
            types: self.0,
            left: length,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields {
            types: self.0,
            names: &[],
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.fields.insert(name.to_owned(), fields.to_vec());
        visitor.visit_map(Fields {
            types: self.0,
            names: fields,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (_, made) = self.0.enums.entry(name).or_insert((variants, 0));
        let variant = variants[*made % variants.len()];
        *made += 1;
        visitor.visit_enum(Chosen {
            types: self.0,
            name,
            variant,
        })
    }
}

struct Several<'t> {
    types: &'t mut Types,
    left: usize,
}

impl<'de> SeqAccess<'de> for Several<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Walk(self.types)).map(Some)
    }
}

struct Fields<'t> {
    types: &'t mut Types,
    names: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, rest)) = self.names.split_first() else {
            return Ok(None);
        };
        self.names = rest;
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Walk(self.types))
    }
}

struct Chosen<'t> {
    types: &'t mut Types,
    name: &'static str,
    variant: &'static str,
}

impl<'de, 't> EnumAccess<'de> for Chosen<'t> {
    type Error = Error;
    type Variant = Chosen<'t>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.types.unit_variants.insert((self.name, self.variant));
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.types.tuple_variants.insert((self.name, self.variant));
        seed.deserialize(Walk(self.types))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.types.tuple_variants.insert((self.name, self.variant));
        Walk(self.types).deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let name = format!("{}::{}", self.name, self.variant);
        self.types.fields.insert(name, fields.to_vec());
        visitor.visit_map(Fields {
            types: self.types,
            names: fields,
        })
    }
}
