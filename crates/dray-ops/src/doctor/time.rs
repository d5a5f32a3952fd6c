//! Checks this machine's clock against the database's.

use super::Finding;
use dray_db::Condition;
use dray_drive::settings::Config;
use dray_server::MOST_OFF;
use jiff::SignedDuration;

const CLOCK: (&str, &str) =
    ("clock", "a server whose clock differs from the database's removes nothing because of its age");

/// Compares the clocks. With a database in the data folder there is no other clock.
pub(super) fn examine(config: &Config, condition: &Condition) -> Option<Finding> {
    let off = config.clock.now().duration_since(condition.now?);
    let (check, why) = CLOCK;
    let found = format!("{:#} from the database's clock", SignedDuration::from_secs(off.as_secs()));
    Some(if off.abs() > MOST_OFF {
        let remedy = "set the clocks of this machine and of the database (timedatectl set-ntp true)";
        Finding::fail(check, why, found, remedy)
    } else {
        Finding::ok(check, why, found)
    })
}
