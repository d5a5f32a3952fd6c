//! Converts the JSON of a request into the type that its route takes. It neither reads bytes nor checks values.

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Converts a tree into the type of a request. [`Error::InvalidField`] names the field whose value the type does not accept.
pub fn typed<T: DeserializeOwned>(tree: serde_json::Value) -> Result<T> {
    if !tree.is_object() {
        // Without this check, serde would accept a list as the values of an object, in the order of its fields.
        return Err(Error::field("The body", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(tree).map_err(|err| {
        let path = err.path().to_string();
        let field = if path == "." { "The body".to_owned() } else { path };
        Error::field(field, format!("is invalid: {}", err.inner()))
    })
}
