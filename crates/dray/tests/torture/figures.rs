//! The counts of a case, and the table that shows them.

use std::time::Duration;

/// The counts of a case.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rounds: usize,
    /// How often a server died, by `kill -9` or at a failpoint.
    pub(crate) kills: usize,
    /// Files whose finalize was answered with their item.
    pub(crate) acknowledged: usize,
    /// Files that were acknowledged and are missing or changed.
    pub(crate) lost: usize,
    /// Items beyond the one that a file should have.
    pub(crate) duplicates: usize,
    /// How often nothing was left over after a crash and one sweep.
    pub(crate) repaired: usize,
    /// Further remarks.
    pub(crate) note: String,
}

/// Prints each row as soon as it is complete, and remembers whether all cases passed.
#[derive(Default)]
pub(crate) struct Table {
    rows: usize,
    failures: usize,
}

impl Table {
    /// Adds the counts of a case; `None` if it failed.
    pub(crate) fn add(&mut self, name: &str, figures: Option<Figures>, took: Duration) {
        if self.rows == 0 {
            println!(
                "{:<26} {:>6} {:>6} {:>12} {:>5} {:>10} {:>8} {:>6}",
                "", "rounds", "kills", "acknowledged", "lost", "duplicates", "repaired", "time"
            );
        }
        self.rows += 1;
        let Some(figures) = figures else {
            self.failures += 1;
            println!("{name:<26} FAILED, see above");
            return;
        };
        self.failures += figures.lost + figures.duplicates;
        let Figures { rounds, kills, acknowledged, lost, duplicates, repaired, note } = figures;
        println!(
            "{name:<26} {rounds:>6} {kills:>6} {acknowledged:>12} {lost:>5} {duplicates:>10} {repaired:>8} {:>4} s  {note}",
            took.as_secs()
        );
    }

    pub(crate) fn is_good(&self) -> bool {
        self.failures == 0
    }
}
