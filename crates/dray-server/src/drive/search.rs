//! What is searched for: the words of a query.

/// Words, of which every one must be in a name, or begin a word of it. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of a text; `None` if there is neither a letter nor a digit in it. ASCII punctuation separates
    /// words as it does in names. What other scripts have between letters stays with them: accents that are
    /// characters of their own, above all.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let separates = |c: char| c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphanumeric());
        let words: Vec<_> = text
            .split(separates)
            .filter(|word| word.contains(char::is_alphanumeric))
            .map(str::to_owned)
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// The words; none has a space, a quote or any other ASCII punctuation in it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::parse(text).map(|words| words.0).unwrap_or_default()
    }

    #[test]
    fn punctuation_separates_words() {
        assert_eq!(words("q3_report-final.pdf"), ["q3", "report", "final", "pdf"]);
        assert_eq!(words("  a\u{0}b\u{a0}c\"d* "), ["a", "b", "c", "d"]);
    }

    #[test]
    fn an_accent_that_is_a_character_of_its_own_does_not_end_a_word() {
        assert_eq!(words("cafe\u{301}s"), ["cafe\u{301}s"]);
    }

    #[test]
    fn without_a_letter_or_digit_there_are_no_words() {
        for text in ["", " ", "\"*-:^()", "…", "🙂", "\u{301}"] {
            assert_eq!(Words::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_word_has_anything_that_a_query_language_could_read(text in ".*") {
            for word in words(&text) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii()));
            }
        }
    }
}
