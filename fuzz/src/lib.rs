//! The checks of `crates/dray-server/tests/corpora`, for a fuzzer, which also limits their memory.

use std::alloc;

use cap::Cap;

#[path = "../../crates/dray-server/tests/corpora/chunked.rs"]
mod chunked_checks;
#[path = "../../crates/dray-server/tests/corpora/json.rs"]
mod json_checks;
#[path = "../../crates/dray-server/tests/corpora/sigv4.rs"]
mod sigv4_checks;
#[path = "../../crates/dray-server/tests/corpora/xml.rs"]
mod xml_checks;

#[global_allocator]
static MEMORY: Cap<alloc::System> = Cap::new(alloc::System, usize::MAX);

/// Runs a task that may hold `most_bytes` more memory than is in use now. If it needs more, the allocation fails and the program ends.
pub(crate) fn within<T>(most_bytes: usize, task: impl FnOnce() -> T) -> T {
    MEMORY.set_limit(MEMORY.allocated() + most_bytes).expect("a limit above the memory in use");
    let done = task();
    MEMORY.set_limit(usize::MAX).expect("no limit");
    done
}

/// The check of each target.
pub fn chunked(input: &[u8]) {
    chunked_checks::check(input);
}

/// The check of each target.
pub fn json(input: &[u8]) {
    json_checks::check(input);
}

/// The check of each target.
pub fn sigv4(input: &[u8]) {
    sigv4_checks::check(input);
}

/// The check of each target.
pub fn xml(input: &[u8]) {
    xml_checks::check(input);
}
