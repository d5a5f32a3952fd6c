//! Converts the JSON of a request into the type that its route takes, and says in plain words which value does not fit. It
//! does not read bytes. Of the fields it knows only where whole numbers stand, and their ranges.
//!
//! serde's own deserializer would take a list for an object, as the values of its fields in the order of the type. It would
//! name types of Rust to callers. [`Plain`] does neither, at any depth.

use std::fmt;

use dray_api::limits::NUMBERS;
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer as _, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Converts a tree into the type of a request. [`Error::InvalidField`] names the field whose value the type does not accept.
pub fn typed<T: DeserializeOwned>(tree: Value) -> Result<T> {
    serde_path_to_error::deserialize(Plain(tree)).map_err(|err| {
        let path = Some(err.path().to_string()).filter(|path| path != ".");
        match err.into_inner() {
            Refused::Missing(field) => {
                let inside = path.map(|path| path + ".").unwrap_or_default();
                Error::field(format!("{inside}{field}"), "is required")
            }
            Refused::Rule(rule) => Error::field(path.unwrap_or_else(|| "The body".into()), rule),
            Refused::WholeNumber => {
                let path = path.unwrap_or_else(|| "The body".into());
                let rule = match range(&path) {
                    Some((least, most)) => format!("must be a whole number from {least} to {most}"),
                    None => "must be a whole number".to_owned(),
                };
                Error::field(path, rule)
            }
        }
    })
}

/// The least and the most that the whole number at this place of a body may be, if that is known.
fn range(path: &str) -> Option<(u64, u64)> {
    let mut anywhere = String::new();
    for (at, piece) in path.split('[').enumerate() {
        anywhere.push_str(if at == 0 { "" } else { "[]" });
        anywhere.push_str(piece.split_once(']').map_or(piece, |(_, rest)| rest));
    }
    NUMBERS.iter().find(|(place, ..)| *place == anywhere).map(|(_, least, most)| (*least, *most))
}

/// Why a type does not accept a tree.
#[derive(Debug)]
enum Refused {
    /// What the value must be.
    Rule(String),
    /// The value must be a whole number, in the range of its field.
    WholeNumber,
    /// The object lacks this field.
    Missing(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => f.write_str(rule),
            Self::WholeNumber => f.write_str("must be a whole number"),
            Self::Missing(field) => write!(f, "{field} is required"),
        }
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(rule: T) -> Self {
        Self::Rule(rule.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Rule(format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Rule(format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        one_of(known)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Rule(format!("must have `{field}` only once, in one spelling"))
    }
}

fn must_be<T>(what: &str) -> std::result::Result<T, Refused> {
    Err(Refused::Rule(format!("must be {what}")))
}

fn one_of(known: &[&str]) -> Refused {
    Refused::Rule(format!("must be one of {}", known.join(", ")))
}

/// A value that counts only as what it is.
struct Plain(Value);

/// Whole numbers.
macro_rules! whole_numbers {
    ($($deserialize:ident $number:ty as $visit:ident,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
            let number = whole(&self.0).and_then(|number| <$number>::try_from(number).ok());
            number.map_or(Err(Refused::WholeNumber), |number| visitor.$visit(number))
        }
    )*};
}

/// A whole number. `100.0` and `1e2` are whole, as in JSON Schema (2020-12, 6.1.1), as far as a `f64` is exact.
fn whole(value: &Value) -> Option<i128> {
    let Value::Number(number) = value else { return None };
    let exact = number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from));
    exact.or_else(|| {
        let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= MOST_EXACT)?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        Some(number as i128)
    })
}

/// Whole numbers up to this one are exact in a `f64`: 2^53 - 1.
const MOST_EXACT: f64 = 9_007_199_254_740_991.0;

/// Methods that do the same as another.
macro_rules! same {
    ($($deserialize:ident($($ignored:ty),*) as $other:ident,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(
            self,
            $(_: $ignored,)*
            visitor: V,
        ) -> std::result::Result<V::Value, Refused> {
            self.$other(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Refused;

    whole_numbers! {
        deserialize_i8 i8 as visit_i8, deserialize_i16 i16 as visit_i16, deserialize_i32 i32 as visit_i32,
        deserialize_i64 i64 as visit_i64, deserialize_u8 u8 as visit_u8, deserialize_u16 u16 as visit_u16,
        deserialize_u32 u32 as visit_u32, deserialize_u64 u64 as visit_u64,
    }

    same! {
        deserialize_f32() as deserialize_f64,
        deserialize_char() as deserialize_str,
        deserialize_string() as deserialize_str,
        deserialize_identifier() as deserialize_str,
        deserialize_bytes() as deserialize_seq,
        deserialize_byte_buf() as deserialize_seq,
        deserialize_unit() as deserialize_any,
        deserialize_unit_struct(&'static str) as deserialize_any,
        deserialize_tuple(usize) as deserialize_seq,
        deserialize_tuple_struct(&'static str, usize) as deserialize_seq,
        deserialize_struct(&'static str, &'static [&'static str]) as deserialize_map,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(values) => visitor.visit_seq(Values(values.into_iter())),
            Value::Object(members) => visitor.visit_map(Members { left: members.into_iter(), value: None }),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_boolean() { self.deserialize_any(visitor) } else { must_be("true or false") }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_number() { self.deserialize_any(visitor) } else { must_be("a number") }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_string() { self.deserialize_any(visitor) } else { must_be("a string") }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_array() { self.deserialize_any(visitor) } else { must_be("a list") }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_object() { self.deserialize_any(visitor) } else { must_be("an object") }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Refused> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Refused> {
        match self.0 {
            Value::String(text) => {
                visitor.visit_enum::<StringDeserializer<Refused>>(text.into_deserializer())
            }
            _ => Err(one_of(variants)),
        }
    }
}

/// The values of a list.
struct Values(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Values {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> std::result::Result<Option<T::Value>, Refused> {
        self.0.next().map(|value| seed.deserialize(Plain(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of an object.
struct Members {
    left: <Map<String, Value> as IntoIterator>::IntoIter,
    /// The value of the key that was read last.
    value: Option<Value>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, Refused> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        let key: StringDeserializer<Refused> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> std::result::Result<T::Value, Refused> {
        seed.deserialize(Plain(self.value.take().unwrap_or_default()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

#[cfg(test)]
mod tests {
    use dray_api::batch::StartFiles;
    use dray_api::upload::{FinalizeUpload, StartUpload};
    use dray_api::{ItemChange, NewGrant};
    use serde_json::json;

    use super::*;

    fn refusal<T: DeserializeOwned + fmt::Debug>(tree: Value) -> String {
        match typed::<T>(tree) {
            Err(Error::InvalidField { field, rule }) => format!("{field} {rule}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_in_plain_words_at_any_depth() {
        let files = |file: Value| refusal::<StartFiles>(json!({ "files": [file] }));
        assert_eq!(files(Value::Null), "files[0] must be an object");
        assert_eq!(files(json!(["a", 1, "a/b", null, null])), "files[0] must be an object");
        assert_eq!(files(json!({})), "files[0].path is required");
        let file = |checksum| json!({ "path": "a", "fileSize": 1, "mimeType": "", "checksum": checksum });
        assert_eq!(files(file(json!(["AAAAAAAAAAA="]))), "files[0].checksum must be an object");
        assert_eq!(files(file(json!({ "crc64nvme": 1 }))), "files[0].checksum.crc64nvme must be a string");
        assert_eq!(refusal::<StartFiles>(json!({ "files": {} })), "files must be a list");
        assert_eq!(refusal::<StartFiles>(json!([[]])), "The body must be an object");
        let grant = |field: &str, value: Value| refusal::<NewGrant>(json!({ field: value }));
        for value in [json!(-1), json!(1.5), json!(1e300), json!("1"), json!(1_u64 << 32), json!([1])] {
            assert_eq!(grant("maxFiles", value), "maxFiles must be a whole number from 1 to 10000");
        }
        assert_eq!(
            grant("maxBytes", json!(-1)),
            "maxBytes must be a whole number from 0 to 9007199254740991"
        );
        let small = json!({ "path": "a", "fileSize": -1, "mimeType": "" });
        assert_eq!(files(small), "files[0].fileSize must be a whole number from 0 to 8388608");
        assert_eq!(grant("metadata", json!([1])), "metadata must be an object");
        assert_eq!(
            grant("onConflict", json!("ask")),
            "onConflict must be one of keep, rename, fail, replace"
        );
        assert_eq!(grant("onConflict", json!({ "keep": null })), grant("onConflict", json!("ask")));
        assert_eq!(grant("folderId", json!(1)), "folderId must be a string");
        let finalize = |more: Value| {
            let mut body = json!({ "uploadId": "a", "fileKey": "b" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            refusal::<FinalizeUpload>(body)
        };
        assert_eq!(finalize(json!({ "verify": 1 })), "verify must be true or false");
        assert_eq!(finalize(json!({ "parts": [[1, "a"]] })), "parts[0] must be an object");
        assert_eq!(finalize(json!({ "parts": [{ "eTag": "a" }] })), "parts[0].partNumber is required");
        assert_eq!(
            finalize(json!({ "parts": [{ "partNumber": 1, "eTag": "a", "ETag": "b" }] })),
            "parts[0] has `ETag` and `eTag`, two spellings of one field, with different values: send only one of them"
        );
    }

    #[test]
    fn what_fits_is_taken_as_it_is() {
        let metadata = json!({ "a": [1, -1, 1.5, "x", null, true, { "b": [] }], "": u64::MAX });
        let grant: NewGrant = typed(json!({ "maxFiles": 3, "metadata": metadata, "more": [{}] })).unwrap();
        assert_eq!((grant.max_files, grant.metadata.map(Value::from)), (Some(3), Some(metadata)));
        for whole in [json!(100), json!(100.0), json!(1e2)] {
            assert_eq!(typed::<NewGrant>(json!({ "maxBytes": whole })).unwrap().max_bytes, Some(100));
        }
        let change: ItemChange = typed(json!({ "parentId": null })).unwrap();
        assert_eq!((change.name, change.parent_id), (None, Some(None)));
        let start = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b", "onConflict": "rename" });
        assert_eq!(typed::<StartUpload>(start.clone()).unwrap(), serde_json::from_value(start).unwrap());
    }
}
