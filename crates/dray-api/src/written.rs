//! Names for texts whose schema is not that of their type. `schema.rs` says what each may be.

/// A scope, which is a text on the wire.
pub(crate) struct TokenScope;

/// A role but that of the owner, which is not given.
pub(crate) struct GivenRole;
