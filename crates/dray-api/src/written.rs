//! Names for values whose schema in the OpenAPI document differs from their Rust type. `schema.rs` lists the values of
//! each.

/// A scope, which is a text on the wire.
pub(crate) struct TokenScope;

/// A role other than `owner`, which cannot be given.
pub(crate) struct GivenRole;

/// The number of a part, which is not checked until the request is acted on.
pub(crate) struct PartNumber;

/// How many bytes a part has, which is not checked until the request is acted on.
pub(crate) struct PartBytes;
