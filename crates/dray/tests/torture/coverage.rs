//! Which lines of the rules other tests prove, and torture therefore does not prove again.

/// Printed at the end of a full run.
pub(crate) const ELSEWHERE: &str = "
Proved by other tests of `make test`, and not done again here:
  dray-server, tests/it
    outage::while_the_database_is_away_…, a_database_that_restarts_…      Postgres away, and restarted mid-finalize, 20 times
    finalize::*, unfinished::*                                          answers of finalize and abort, one by one
    recover::*                                                          clocks that were ahead; items without a retry
    change::*                                                           concurrent moves of folders form no cycle
    hostile::*, bad_input::*, slowness::*                               bad input, with nothing stored
    access::*                                                           every route, every caller
  dray-object-store, tests/it
    multipart::*                                                        parts replaced while Complete runs
    crash::*                                                            flipped bits, files that are gone, orphans
    full::*                                                             a full disk, to the last page";
