//! Makes texts safe for a terminal, and for JSON that a terminal may show. Whatever a name or a server's message
//! contains, the text cannot move the cursor, set a colour, end a line or reorder the text around it.

use std::borrow::Cow;
use std::fmt::Write as _;

use dray_api::text::{direction_control, is_direction_mark, is_ignorable};

/// The maximum number of characters of a remark or an error. People do not read longer ones.
const LONGEST_REMARK: usize = 2000;

/// One line. Characters that a terminal would act on, or that show nothing, are written as `\u{1b}`. The invisible marks of
/// right-to-left writing are removed. Characters that join or style the one before them stay.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if is_direction_mark(c) {
            continue;
        }
        if is_unsafe(c) && !(joins(c) && before.is_some_and(may_be_joined)) {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
        before = Some(c);
    }
    Cow::Owned(line)
}

/// Several lines that this program composed: their line ends and tabs stay, everything else is made safe.
pub(crate) fn lines(text: &str) -> String {
    let safe = |text: &str| text.split('\t').map(line).collect::<Vec<_>>().join("\t");
    text.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

/// As [`line`], cut off at [`LONGEST_REMARK`] characters.
pub(crate) fn remark(text: &str) -> String {
    let mut remark = line(text).into_owned();
    if let Some((end, _)) = remark.char_indices().nth(LONGEST_REMARK) {
        remark.truncate(end);
        remark.push('…');
    }
    remark
}

/// The same JSON value, with every unsafe character as `\u001b`. In JSON such characters occur in strings only, and
/// JSON's own white space is safe.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Control characters (C0, DEL, C1), Unicode's line ends, and characters that show nothing by themselves.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}')
        || is_ignorable(c)
        || direction_control(c).is_some()
}

/// Zero-width joiners and the variation selectors of emoji.
fn joins(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE0E}' | '\u{FE0F}')
}

/// Whether a joiner may follow: emoji and letters of scripts that join, never ASCII and never another joiner.
fn may_be_joined(c: char) -> bool {
    !c.is_ascii() && !is_unsafe(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_acted_on() {
        assert_eq!(line("a\u{1b}[2J\u{7}b"), "a\\u{1b}[2J\\u{7}b");
        assert_eq!(line("a\r\n\tb"), "a\\u{d}\\u{a}\\u{9}b");
        assert_eq!(line("a\u{7f}\u{9b}31m"), "a\\u{7f}\\u{9b}31m");
        assert_eq!(line("a\u{202e}fdp.exe\u{2069}"), "a\\u{202e}fdp.exe\\u{2069}");
        assert_eq!(line("a\u{200b}\u{ad}\u{e0041}b"), "a\\u{200b}\\u{ad}\\u{e0041}b");
    }

    #[test]
    fn names_in_ordinary_use_stay_unchanged() {
        for text in
            ["report.pdf", "été", "文件", "👨\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "می\u{200c}خواهم", "น้ำ"]
        {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("\u{200f}חשבון\u{200e}.pdf"), "חשבון.pdf", "they show nothing");
        assert_eq!(line("a\u{200d}b"), "a\\u{200d}b", "nothing joins there, and it would hide");
    }

    #[test]
    fn a_page_keeps_its_lines_and_tabs_only() {
        assert_eq!(lines("a\tb\n\u{1b}c\r\n"), "a\tb\n\\u{1b}c\\u{d}\n");
    }

    #[test]
    fn a_remark_has_a_bounded_length() {
        assert_eq!(remark(&"é".repeat(100_000)).chars().count(), LONGEST_REMARK + 1);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_json_is_the_same_value(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(|c| c.is_control() || direction_control(c).is_some()));
            let encoded = serde_json::to_string(&text).unwrap();
            let safe = json(&encoded).into_owned();
            prop_assert!(!safe.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}
