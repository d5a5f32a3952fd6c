//! Turns an item's name into a safe name for a local file. It does not trust the server to have checked the name: the
//! result never leaves the folder and is one path component.

use dray_api::text::{direction_control, shows_nothing};

/// The maximum number of bytes of a file's name (`NAME_MAX` of every common Unix file system).
const MAX_NAME_BYTES: usize = 255;

/// The file name if no character of the item's name can stay.
const FALLBACK: &str = "download";

/// The file name for an item called `name`.
pub(crate) fn safe(name: &str) -> String {
    let replaced: String = name.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    match replaced.as_str() {
        "." | ".." => FALLBACK.to_owned(),
        _ if replaced.chars().all(shows_nothing) => FALLBACK.to_owned(),
        _ => shortened(&replaced, MAX_NAME_BYTES),
    }
}

/// Characters that no drive allows in a name. They would make a path, or make the name look like another.
fn is_unsafe(c: char) -> bool {
    matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}') || c.is_control() || direction_control(c).is_some()
}

/// At most `limit` bytes of `name`. An extension of ordinary length is kept.
fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let extension = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 16 => &name[dot..],
        _ => "",
    };
    let end = name.floor_char_boundary(limit - extension.len());
    format!("{}{extension}", &name[..end])
}

/// The beginning of the temporary file's name next to `name`: hidden, and short enough for the random rest.
pub(crate) fn temporary_prefix(name: &str) -> String {
    format!(".{}.", &name[..name.floor_char_boundary(MAX_NAME_BYTES - 32)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["report.pdf", "été 2026.txt", ".hidden", "a..b", "-rf", "データ"] {
            assert_eq!(safe(name), name);
        }
    }

    #[test]
    fn characters_that_could_leave_the_folder_are_replaced() {
        assert_eq!(safe("../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!(safe("a\\b\0c\nd"), "a_b_c_d");
        assert_eq!(safe("a\u{202e}fdp.exe"), "a_fdp.exe");
        for name in ["", ".", "..", " \u{200b}", "\u{3164}"] {
            assert_eq!(safe(name), "download");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe(&format!("{}.tar", "é".repeat(200)));
        assert_eq!(name.len(), 254);
        assert!(name.ends_with("é.tar"));
    }

    proptest! {
        #[test]
        fn a_safe_name_is_one_component_that_fits(name in any::<String>()) {
            let safe = safe(&name);
            let components: Vec<_> = std::path::Path::new(&safe).components().collect();
            prop_assert!(matches!(components[..], [std::path::Component::Normal(_)]));
            prop_assert!(safe.len() <= MAX_NAME_BYTES);
            prop_assert!(temporary_prefix(&safe).len() + ".part".len() + 8 <= MAX_NAME_BYTES);
        }
    }
}
