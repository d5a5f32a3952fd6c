//! Request fields that callers spell in more than one way. All follow one rule: several spellings with the same value are
//! accepted, and spellings with different values are an error that names them. This file does not know the names of fields.

use serde::Deserialize;
use serde::de::{Error, MapAccess};

/// The value of one field, and the spelling that it was sent in.
pub(crate) struct Spelled<T> {
    name: &'static str,
    is_same: fn(&T, &T) -> bool,
    given: Option<(String, T)>,
}

impl<T> Spelled<T> {
    /// The field `name`. Upper and lower case make no difference: headers and other APIs write
    /// `ETag`, `etag` and `PartNumber`. `is_same` tells whether two values mean the same.
    pub(crate) fn new(name: &'static str, is_same: fn(&T, &T) -> bool) -> Self {
        Self { name, is_same, given: None }
    }

    /// Whether the key `spelling` is this field.
    pub(crate) fn is_spelled(&self, spelling: &str) -> bool {
        spelling.eq_ignore_ascii_case(self.name)
    }

    /// Takes the value of the key `spelling`; null counts as absent. It fails if another spelling had a different
    /// value.
    pub(crate) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        spelling: String,
        map: &mut A,
    ) -> Result<(), A::Error>
    where
        T: Deserialize<'de>,
    {
        let Some(value) = map.next_value::<Option<T>>()? else { return Ok(()) };
        match &self.given {
            None => self.given = Some((spelling, value)),
            Some((_, before)) if (self.is_same)(before, &value) => {}
            Some((other, _)) => {
                return Err(A::Error::custom(format!(
                    "has `{other}` and `{spelling}`, two spellings of one field, with different values: send only one of them"
                )));
            }
        }
        Ok(())
    }

    /// The value, if any spelling gave one.
    pub(crate) fn value(self) -> Option<T> {
        self.given.map(|(_, value)| value)
    }

    /// Like [`Spelled::value`], for a required field.
    pub(crate) fn required<E: Error>(self) -> Result<T, E> {
        let name = self.name;
        self.value().ok_or_else(|| E::missing_field(name))
    }
}
