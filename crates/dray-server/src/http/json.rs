//! Parses the JSON of requests. An object may name a key several times only with one value, because parsers differ in which
//! of several values they take: one before this server may have checked another. The number of values is limited, because a
//! value of a few bytes may take some hundred bytes of memory. This file does not know the names of fields.

use std::cell::Cell;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The maximum number of values in a document, objects and lists included. The largest request, a finalize of 10,000 parts that
/// spells each field in two ways, has half of them.
const MOST_VALUES: u32 = 100_000;

/// Parses a whole document. `serde_json` limits its depth to 128, even in fields that nobody reads.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let tree = Tree(&Cell::new(MOST_VALUES)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(tree)
}

/// Builds a [`Value`], whose own implementation takes the last of several values. It counts down the values that may come.
#[derive(Clone, Copy)]
struct Tree<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.ok_or_else(|| D::Error::custom(format!("it has more than {MOST_VALUES} values")))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(self)?;
            if members.get(&key).is_some_and(|before| *before != value) {
                return Err(A::Error::custom(format!("`{key}` is given twice, with different values")));
            }
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_VALUES, parse};

    #[test]
    fn every_kind_of_value_is_parsed_as_serde_json_parses_it() {
        for text in [
            r#"{"a":[null,true,-1,18446744073709551615,1.5e3,-0.0,1e400,"\u00e9\n"],"":{},"b":[[]]}"#,
            "null",
            " 1 ",
            r#""x""#,
            "",
            "{",
            "{} {}",
            r#"{"a":1,}"#,
            "[1 2]",
            "01",
            &"[".repeat(127),
            &format!("{}{}", "[".repeat(127), "]".repeat(127)),
            &format!("{}{}", "[".repeat(128), "]".repeat(128)),
        ] {
            let theirs = serde_json::from_slice::<serde_json::Value>(text.as_bytes());
            let text_of = |parsed: Result<_, serde_json::Error>| parsed.map_err(|err| err.to_string());
            assert_eq!(text_of(parse(text.as_bytes())), text_of(theirs), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_given_twice_has_one_value() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":{"b":[1]},"a":{"b":[1]}}"#, r#"{"a":null,"a":null,"\u0061":null}"#]
        {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":null,"\u0061":1}"#, r#"[{"x":{"a":"1","b":0,"a":1}}]"#] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("`a` is given twice, with different values at line 1 column"), "{error}");
        }
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let list = |count: u32| format!("[{}]", vec!["{}"; count as usize].join(","));
        assert!(parse(list(MOST_VALUES - 1).as_bytes()).is_ok());
        let error = parse(list(MOST_VALUES).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("it has more than 100000 values"), "{error}");
    }
}
