//! The one place of this crate that reads the clock and the one that draws random bytes.

use jiff::Timestamp;

/// The current time. It is read once per request, and passed on as an argument.
#[expect(clippy::disallowed_methods, reason = "the one place of the crate that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// `N` bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "the kernel's generator does not fail once the system has booted"
    )]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
