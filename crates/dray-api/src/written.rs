//! Names for texts whose schema differs from that of their type. `schema.rs` says which values each may have.

/// A scope, which is a text on the wire.
pub(crate) struct TokenScope;

/// A role other than `owner`, which cannot be given.
pub(crate) struct GivenRole;
