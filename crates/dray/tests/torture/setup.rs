//! The settings of a run: its length, its seed, and its databases.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The settings of a run, and of each case in it.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) is_full: bool,
    seed: u64,
    /// The address of a Postgres cluster.
    cluster: Option<String>,
    /// The source of a case's random choices.
    pub(crate) rng: fastrand::Rng,
}

impl Setup {
    #[expect(clippy::disallowed_methods, reason = "these settings are the tests' own")]
    pub(crate) fn read() -> Self {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let seed = var("DRAY_TORTURE_SEED").map(|seed| seed.parse().expect("DRAY_TORTURE_SEED is a number"));
        Self {
            is_full: var("DRAY_TORTURE").is_some_and(|value| value == "full"),
            seed: seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000)),
            cluster: var("DRAY_TEST_POSTGRES"),
            rng: fastrand::Rng::with_seed(0),
        }
    }

    /// The setup of one case on each database. Its choices do not depend on which other cases run.
    pub(crate) fn on_databases(&self, case: &str, on_both: bool) -> Vec<Self> {
        let on = |cluster: Option<&String>| {
            let mut hasher = DefaultHasher::new();
            (self.seed, case, cluster.is_some()).hash(&mut hasher);
            let rng = fastrand::Rng::with_seed(hasher.finish());
            Self { cluster: cluster.cloned(), rng, ..self.clone() }
        };
        let also = self.cluster.as_ref().filter(|_| on_both);
        [on(None)].into_iter().chain(also.map(|cluster| on(Some(cluster)))).collect()
    }

    pub(crate) fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    /// The name of a case in the table.
    pub(crate) fn title(&self, case: &str) -> String {
        if self.cluster.is_some() { format!("{case}, Postgres") } else { case.to_owned() }
    }

    /// One number for a short run, and another for a full one.
    pub(crate) fn scale(&self, short: usize, full: usize) -> usize {
        if self.is_full { full } else { short }
    }

    /// The variable that repeats the same choices.
    pub(crate) fn repeat(&self) -> String {
        format!("DRAY_TORTURE_SEED={}", self.seed)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = if self.is_full { "full" } else { "short" };
        write!(f, "{length} run, {}", self.repeat())
    }
}
