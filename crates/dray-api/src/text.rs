//! Rules about texts that both ends must agree on: when two names count as one, and which characters are
//! invisible or reorder the text around them. This file does not know items.

use std::borrow::Cow;

use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, NoncharacterCodePoint, WhiteSpace};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// The text in Unicode's normalization form C (UAX 15). Two names with the same form count as one name, because
/// keyboards and file systems write `é` either as one character or as two.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// Whether two names count as one.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one == other || nfc(one) == nfc(other)
}

/// Whether the character is invisible or only leaves space: controls, white space, Unicode's
/// `Default_Ignorable_Code_Point` (zero-width characters, Hangul fillers, variation selectors, tags, the soft hyphen) and
/// others that Unicode does not list there.
pub fn shows_nothing(c: char) -> bool {
    c.is_control() || CodePointSetData::new::<WhiteSpace>().contains(c) || is_ignorable(c) || is_blank(c)
}

/// Unicode's `Default_Ignorable_Code_Point` (UAX 44): characters without a shape.
pub fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Letters, symbols and marks with an empty shape; interlinear annotation; noncharacters.
fn is_blank(c: char) -> bool {
    let is_empty = matches!(
        c,
        // The braille pattern without dots.
        '\u{2800}'
        | '\u{FFF9}'..='\u{FFFB}'
        // Khitan filler, hieroglyphic controls and blanks, the null note head.
        | '\u{16FE4}' | '\u{13430}'..='\u{1343F}' | '\u{13441}' | '\u{13442}' | '\u{1D159}'
    );
    is_empty || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

/// If this character makes the text around it appear in another order than it is stored (`exe.fdp` as `pdf.exe`), its
/// name. These are the embeddings, overrides and isolates of UAX 9, and the deprecated controls beside them. The
/// marks U+200E, U+200F and U+061C are not among them, because they do not reorder characters that have their own
/// direction. People who write from right to left type these marks, and applications put them into file names.
pub fn direction_control(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{202A}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202B}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202C}' => "POP DIRECTIONAL FORMATTING",
        '\u{202D}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202E}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{206A}' => "INHIBIT SYMMETRIC SWAPPING",
        '\u{206B}' => "ACTIVATE SYMMETRIC SWAPPING",
        '\u{206C}' => "INHIBIT ARABIC FORM SHAPING",
        '\u{206D}' => "ACTIVATE ARABIC FORM SHAPING",
        '\u{206E}' => "NATIONAL DIGIT SHAPES",
        '\u{206F}' => "NOMINAL DIGIT SHAPES",
        _ => return None,
    })
}

/// U+200E, U+200F and U+061C: invisible marks that give a direction to characters without one.
pub fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_names_count_as_one() {
        assert!(is_same_name("Café", "Cafe\u{301}"));
        assert!(is_same_name("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"));
        assert!(is_same_name("Ω", "\u{2126}"), "the sign for ohm is an omega");
        for (one, other) in [("Café", "Cafe"), ("a", "A"), ("ﬁ", "fi"), ("a", "a\u{200E}")] {
            assert!(!is_same_name(one, other), "{one} {other}");
        }
    }

    #[test]
    fn invisible_characters_are_recognised() {
        for c in [
            ' ',
            '\t',
            '\u{7f}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200f}',
            '\u{2028}',
            '\u{2060}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffe}',
            '\u{1d159}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            assert!(shows_nothing(c), "{c:?}");
        }
        for c in ['a', '.', '_', 'é', '\u{301}', '文', '🙂', '-', '\u{fffd}', '\u{e000}'] {
            assert!(!shows_nothing(c), "{c:?}");
        }
    }

    #[test]
    fn characters_that_reorder_text_are_named_and_direction_marks_are_not_among_them() {
        assert_eq!(direction_control('\u{202E}'), Some("RIGHT-TO-LEFT OVERRIDE"));
        for c in ['\u{200E}', '\u{200F}', '\u{61C}'] {
            assert!(direction_control(c).is_none() && is_direction_mark(c));
        }
    }
}
