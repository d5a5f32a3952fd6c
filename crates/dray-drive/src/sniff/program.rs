//! Which announced types fit a name that systems run or mount. It knows no bytes.

use super::families::{self, ZIPPED, family, plain};
use crate::extension::Extension;

/// Families of programs and packages, which begin with a known signature.
const FAMILIES: &[&str] = &[
    "application/vnd.microsoft.portable-executable",
    "application/executable",
    "application/mach-binary",
    "application/java",
    "application/vnd.debian.binary-package",
    "application/rpm",
    "application/vnd.ms-cab-compressed",
];

/// ZIP archives, and packages inside one, besides documents with macros.
const PACKED: &[&str] = ZIPPED.split_at(6).0;

/// Whether a file that is announced as this type may have this name, as far as its end is one of what systems run or mount.
/// Such a file is announced as `application/…`, and not as a document or another known format. A script may be text.
pub(super) fn may_be_named(ending: &Extension, announced: &str) -> bool {
    let (name, family) = (plain(announced), family(announced));
    let is_known_other = families::is_firm(announced)
        && !FAMILIES.contains(&&*family)
        && !PACKED.contains(&&*name)
        && !name.contains(".macroenabled.");
    let may_run = (name.starts_with("application/") || name == "binary/octet-stream") && !is_known_other;
    !ending.is_program() || may_run || (ending.is_script() && name.starts_with("text/"))
}
