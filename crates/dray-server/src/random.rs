//! Randomness from the operating system: ids, tokens and proofs.

use crate::drive::{Error, Result};
use jiff::Timestamp;

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    #[cfg(test)]
    if seeded::fill(&mut bytes) {
        return Ok(bytes);
    }
    getrandom::fill(&mut bytes)
        .map_err(|err| Error::internal(format_args!("the operating system has no random bytes: {err}")))?;
    Ok(bytes)
}

/// A new id. `new` makes it from seconds since 1970 and eight random bytes, like `ItemId::new`.
pub fn id<T>(now: Timestamp, new: impl Fn(u32, [u8; 8]) -> T) -> Result<T> {
    let secs = u32::try_from(now.as_second()).unwrap_or(u32::MAX);
    Ok(new(secs, bytes()?))
}

/// 128 random bits in hexadecimal.
pub fn text() -> Result<String> {
    Ok(hex::encode(bytes::<16>()?))
}

/// Randomness that a simulation can repeat.
#[cfg(test)]
pub(crate) mod seeded {
    use std::cell::RefCell;

    thread_local! {
        static SOURCE: RefCell<Option<fastrand::Rng>> = const { RefCell::new(None) };
    }

    /// From now on, `seed` determines this thread's random bytes. With `None`, they come from the operating system
    /// again.
    pub(crate) fn follow(seed: Option<u64>) {
        SOURCE.set(seed.map(fastrand::Rng::with_seed));
    }

    pub(super) fn fill(bytes: &mut [u8]) -> bool {
        SOURCE.with_borrow_mut(|source| source.as_mut().map(|source| source.fill(bytes)).is_some())
    }
}
