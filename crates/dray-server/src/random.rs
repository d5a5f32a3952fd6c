//! Randomness from the operating system: ids, tokens and proofs.

use crate::drive::{Error, Result};
use jiff::Timestamp;

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|err| Error::internal(format_args!("no randomness: {err}")))?;
    Ok(bytes)
}

/// The parts of a new id, for `ItemId::new` and its like: seconds since 1970 and eight random bytes.
pub fn id<T>(now: Timestamp, new: impl Fn(u32, [u8; 8]) -> T) -> Result<T> {
    let secs = u32::try_from(now.as_second()).unwrap_or(u32::MAX);
    Ok(new(secs, bytes()?))
}

/// 128 random bits in hexadecimal.
pub fn text() -> Result<String> {
    Ok(hex::encode(bytes::<16>()?))
}
