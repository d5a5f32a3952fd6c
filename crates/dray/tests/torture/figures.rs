//! What a case counts, and the table that is printed of it.

use std::time::Duration;

/// What happened in a case.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rounds: usize,
    /// Times that a server died, by `kill -9` or at a window.
    pub(crate) kills: usize,
    /// Files whose finalize was answered with their item.
    pub(crate) acknowledged: usize,
    /// Files that were acknowledged and are not there, or not as they were.
    pub(crate) lost: usize,
    /// Items beyond the one that a file should have.
    pub(crate) duplicates: usize,
    /// Times that nothing was left over after a crash and one sweep.
    pub(crate) repaired: usize,
    /// What else there is to say.
    pub(crate) note: String,
}

/// Prints a row as soon as it is there, and remembers whether all was well.
#[derive(Default)]
pub(crate) struct Table {
    rows: usize,
    failures: usize,
}

impl Table {
    /// Adds what a case counted; `None`: it failed.
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
