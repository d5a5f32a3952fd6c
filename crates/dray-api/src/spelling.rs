//! Request fields that callers spell in more than one way. One rule for all of them: spellings that say the same are
//! taken, spellings that say different things are an error that names them. Knows no field by name.

use serde::Deserialize;
use serde::de::{Error, MapAccess};

/// What was given for one field, and in which spelling.
pub(crate) struct Spelled<T> {
    name: &'static str,
    is_same: fn(&T, &T) -> bool,
    given: Option<(String, T)>,
}

impl<T> Spelled<T> {
    /// The field `name`. Letters of either case are one spelling as good as another: headers and other APIs write
    /// `ETag`, `etag` and `PartNumber`. `is_same` tells whether two values mean the same.
    pub(crate) fn new(name: &'static str, is_same: fn(&T, &T) -> bool) -> Self {
        Self { name, is_same, given: None }
    }

    /// Whether the key `spelling` is this field.
    pub(crate) fn is_spelled(&self, spelling: &str) -> bool {
        spelling.eq_ignore_ascii_case(self.name)
    }

    /// Takes the value that follows the key `spelling`; null says nothing. Fails if another spelling said something
    /// else.
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
                    "`{other}` and `{spelling}` are one field and say different things: send one of them"
                )));
            }
        }
        Ok(())
    }

    /// The value, if any spelling gave one.
    pub(crate) fn value(self) -> Option<T> {
        self.given.map(|(_, value)| value)
    }

    /// As [`Spelled::value`], of a field that must be there.
    pub(crate) fn required<E: Error>(self) -> Result<T, E> {
        let name = self.name;
        self.value().ok_or_else(|| E::missing_field(name))
    }
}
