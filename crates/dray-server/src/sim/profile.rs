//! The kind of schedule that a seed chooses: how many servers and clients there are, how the store behaves, and how
//! much goes wrong.

/// The largest error of a server's clock, in milliseconds: two servers are up to 8 minutes apart, and Dray allows for 10.
const CLOCK_OFF_MS: i64 = 4 * 60 * 1000;

/// The kind of a schedule. Chances are per 1000.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) servers: usize,
    pub(super) clients: usize,
    /// Whether there is one server with an embedded store, which is never wrong. Otherwise several servers share a
    /// database.
    pub(super) is_embedded: bool,
    /// Whether the database belongs to a single server.
    pub(super) is_alone: bool,
    /// How long things go wrong, in milliseconds.
    pub(super) trouble_ms: u64,
    /// Calls to the database that fail before or after they were done.
    pub(super) database_fails: u64,
    /// Calls to the database that take long.
    pub(super) database_is_slow: u64,
    /// Calls to the store that come late, are lost on the way there or back, come twice, or get wrong answers.
    pub(super) late: u64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
    pub(super) wrong: u64,
    /// Answers that deny something that is there.
    pub(super) denied: u64,
    /// Completes that take minutes.
    pub(super) long_completes: u64,
    /// The longest such Complete, in milliseconds.
    pub(super) longest_complete_ms: u64,
    /// Whether the store forgets an upload at the moment when its Complete begins.
    pub(super) forgets_at_once: bool,
    /// A server is killed after at most this many steps; 0 means never.
    pub(super) steps_of_life: u64,
    /// The largest error of a clock, in milliseconds.
    pub(super) clock_off_ms: i64,
    /// How often something happens to a server (its clock jumps, its database is away, it is stopped), in milliseconds.
    pub(super) event_every_ms: u64,
    /// How often a server sweeps, in milliseconds, and how much one sweep handles.
    pub(super) sweep_every_ms: u64,
    pub(super) sweep_limit: u32,
    /// Uploads whose Abort the store always refuses.
    pub(super) unabortable: u64,
    /// Clients that abort, leave, or finalize and abort at once.
    pub(super) aborts: u64,
    pub(super) leaves: u64,
    /// Clients that remove what they have uploaded.
    pub(super) deletes: u64,
    /// Clients that send several small files as a batch.
    pub(super) batches: u64,
}

impl Profile {
    pub(super) fn choose(rng: &mut fastrand::Rng) -> Self {
        let kind = rng.u8(..10);
        let (is_embedded, is_alone) = (kind == 0, kind <= 1);
        let servers = if is_alone { 1 } else { rng.usize(2..=3) };
        // Some schedules are nearly calm, so that rare faults are not hidden by frequent ones.
        let level = [0, 4, 15, 50][rng.usize(..4)];
        let mut level_of = |share: u64| if rng.u8(..3) == 0 { 0 } else { level * share };
        let (database_fails, database_is_slow) = (level_of(1), level_of(2));
        let (late, lost, repeated) = (level_of(2), level_of(2), level_of(1));
        let (wrong, denied) = (level_of(2), level_of(1));
        let is_refusing = rng.u8(..8) == 0;
        Self {
            servers,
            clients: if is_refusing { rng.usize(3..=6) } else { rng.usize(1..=4) },
            is_embedded,
            is_alone,
            trouble_ms: rng.u64(30_000..600_000),
            database_fails,
            database_is_slow,
            late,
            lost,
            repeated,
            wrong,
            denied: if rng.bool() { 0 } else { denied },
            long_completes: [0, 200, 700][rng.usize(..3)],
            longest_complete_ms: if rng.u8(..4) == 0 {
                rng.u64(60_000..600_000)
            } else {
                rng.u64(3000..60_000)
            },
            forgets_at_once: rng.bool(),
            steps_of_life: [0, 60, 150, 400][rng.usize(..4)],
            clock_off_ms: if rng.u8(..3) == 0 { 0 } else { rng.i64(1000..CLOCK_OFF_MS) },
            event_every_ms: rng.u64(20_000..300_000),
            sweep_every_ms: rng.u64(40_000..300_000),
            sweep_limit: if is_refusing { rng.u32(1..=2) } else { 1000 },
            unabortable: if is_refusing { 500 } else { 0 },
            aborts: if is_refusing { 300 } else { 150 },
            leaves: if is_refusing { 500 } else { 80 },
            deletes: 250,
            batches: [0, 0, 300, 1000][rng.usize(..4)],
        }
    }
}
