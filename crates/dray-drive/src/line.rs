//! Texts that one person writes and others read: names, titles, messages. They must show something, and nothing in them may
//! change the order in which the text around them appears. This file does not know what the texts are for.

use std::borrow::Cow;

use dray_api::text::{direction_control, shows_nothing};

use crate::{Error, Result};

/// Checks one line of 1 to `most` characters. `field` is what the wire calls it.
pub fn check_line(field: &'static str, text: &str, most: usize) -> Result<()> {
    check_length(field, text, 1, most)?;
    broken_rule(text).map_or(Ok(()), |rule| Err(Error::field(field, rule)))
}

/// Checks a text of at most `most` characters, which may be empty and may have several lines.
pub fn check_lines(field: &'static str, text: &str, most: usize) -> Result<()> {
    check_length(field, text, 0, most)?;
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(is_odd) {
        return Err(Error::field(
            field,
            "must not contain control characters other than tabs and line breaks",
        ));
    }
    let rule = reordered(text).or_else(|| invisible(text).filter(|_| !text.is_empty()));
    rule.map_or(Ok(()), |rule| Err(Error::field(field, rule)))
}

fn check_length(field: &'static str, text: &str, least: usize, most: usize) -> Result<()> {
    let rule = || {
        if least == 0 {
            format!("must be at most {most} characters")
        } else {
            format!("must be {least} to {most} characters")
        }
    };
    let fits = (least..=most).contains(&text.chars().count());
    if fits { Ok(()) } else { Err(Error::field(field, rule())) }
}

/// The rule that a text breaks as one line that people read, if it breaks one.
pub(crate) fn broken_rule(text: &str) -> Option<Cow<'static, str>> {
    if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Some("must not contain control characters or line breaks".into());
    }
    reordered(text).or_else(|| invisible(text))
}

fn reordered(text: &str) -> Option<Cow<'static, str>> {
    let (c, called) = text.chars().find_map(|c| Some((c, direction_control(c)?)))?;
    let rule = format!(
        "must not contain U+{:04X} {called}, which changes the order in which the text around it appears",
        u32::from(c)
    );
    Some(rule.into())
}

fn invisible(text: &str) -> Option<Cow<'static, str>> {
    let rule = "must have a character that can be seen, not only spaces and invisible characters";
    text.chars().all(shows_nothing).then(|| rule.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECEIVING: [&str; 8] = [
        "\u{200b}",
        "  ",
        "\u{3164}\u{ad}",
        "\u{202e}gpj.exe",
        "a\u{2066}b\u{2069}",
        "a\0",
        "\u{7f}a",
        "a\u{85}",
    ];

    #[test]
    fn what_deceives_or_shows_nothing_is_refused_in_every_text() {
        for text in DECEIVING {
            assert!(check_line("name", text, 20).is_err(), "{text:?}");
            assert!(check_lines("message", text, 20).is_err(), "{text:?}");
        }
        for text in ["Ada", " Ada ", "\u{200f}חשבון\u{200e} 1", "👨\u{200d}👩", "می\u{200c}خواهم", "é"]
        {
            assert_eq!(check_line("name", text, 20), Ok(()), "{text:?}");
            assert_eq!(check_lines("message", text, 20), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn only_texts_of_several_lines_have_line_breaks_and_may_be_empty() {
        for text in ["a\nb", "a\r\nb", "a\tb", "a\u{2028}b", ""] {
            assert!(check_line("name", text, 20).is_err(), "{text:?}");
            assert_eq!(check_lines("message", text, 20), Ok(()), "{text:?}");
        }
        assert!(check_line("name", "aaa", 2).is_err() && check_lines("message", "aaa", 2).is_err());
    }
}
