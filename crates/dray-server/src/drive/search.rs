//! The words of names, and of what is searched for.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Most bytes of a word, of which Postgres takes 2,046: what is longer is known by its beginning. (Hangul syllables
/// come apart into three letters each, so a name can be one word of 2,295 bytes.)
const MAX_WORD_BYTES: usize = 1024;

/// Most words of a query: a name has no more.
const MAX_WORDS: usize = 128;
/// How many characters of a word can be looked up, as the databases' indexes have it (`0002_search.sql`).
const BEGINNINGS: [usize; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 24];

/// The words of a text, each once, as names are indexed and queries are read: without case and accents, split at
/// everything that is neither letter nor digit. Where scripts have no spaces, each character is a word.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    // Compatibility forms (ligatures, full-width letters) are the letters they stand for; accents are marks.
    for c in text.nfkd().flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)) {
        let belongs = c.is_alphanumeric();
        if !belongs || stands_alone(c) {
            add(&mut words, std::mem::take(&mut word));
        }
        if belongs && stands_alone(c) {
            add(&mut words, c.to_string());
        } else if belongs {
            word.push(c);
        }
    }
    add(&mut words, word);
    words
}

fn add(words: &mut Vec<String>, mut word: String) {
    word.truncate(word.floor_char_boundary(MAX_WORD_BYTES));
    if !word.is_empty() && !words.contains(&word) {
        words.push(word);
    }
}

/// Han, Hiragana and Katakana (Unicode's blocks).
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Words, of which every one must be in a name, or begin a word of it. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of a query; `None` if there is neither a letter nor a digit in it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = words(text);
        words.truncate(MAX_WORDS);
        (!words.is_empty()).then_some(Self(words))
    }

    /// The words; letters and digits only, so nothing in them is an operator to a database.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Of each word as much of its beginning as can be looked up. A name that has all of these may still lack the
    /// words.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.iter().map(beginning)
    }

    /// Whether the beginnings are the words.
    pub(crate) fn are_beginnings(&self) -> bool {
        self.beginnings().eq(self.iter())
    }
}

fn beginning(word: &str) -> &str {
    let length = word.chars().count();
    let longest = BEGINNINGS.into_iter().rev().find(|chars| *chars <= length).unwrap_or_default();
    word.char_indices().nth(longest).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn punctuation_separates_words() {
        assert_eq!(words("q3_report-final.pdf"), ["q3", "report", "final", "pdf"]);
        assert_eq!(words("  a\u{0}b\u{a0}c\"d* a"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn case_and_accents_do_not_count_however_they_are_written() {
        assert_eq!(words("Café"), words("CAFE\u{301}"));
        assert_eq!(words("İstanbul ﬁle Ａ"), ["istanbul", "file", "a"]);
        assert_eq!(words("straße"), ["straße"]);
    }

    #[test]
    fn where_scripts_have_no_spaces_each_character_is_a_word() {
        assert_eq!(words("2026年报告v2"), ["2026", "年", "报", "告", "v2"]);
        assert_eq!(words("한국").len(), 1);
    }

    #[test]
    fn a_word_is_no_longer_than_the_databases_take() {
        let long = "각".repeat(255);
        assert_eq!(words(&long).iter().map(String::len).collect::<Vec<_>>(), [1023]);
        assert_eq!(words(&long), words(&format!("{long}각")), "what is searched for is cut as names are");
    }

    #[test]
    fn without_a_letter_or_digit_there_are_no_words() {
        for text in ["", " ", "\"*-:^()", "…", "🙂", "\u{301}"] {
            assert_eq!(Words::parse(text), None, "{text}");
        }
    }

    #[test]
    fn of_a_word_as_much_is_looked_up_as_can_be() {
        let words = Words::parse("a repor report documents ŽLUŤOUČKÝ").unwrap();
        assert_eq!(words.beginnings().collect::<Vec<_>>(), ["a", "repo", "report", "document", "zlutouck"]);
        assert!(!words.are_beginnings());
        assert!(Words::parse("report plan").unwrap().are_beginnings());
    }

    #[test]
    fn both_databases_index_the_beginnings_that_are_looked_up() {
        let lengths = BEGINNINGS.map(|length| length.to_string());
        let sqlite = include_str!("../../migrations/sqlite/0002_search.sql");
        let postgres = include_str!("../../migrations/postgres/0002_search.sql");
        assert!(sqlite.contains(&format!("prefix = '{}'", lengths.join(" "))));
        assert!(postgres.contains(&format!("'{{{}}}'::integer[]", lengths.join(", "))));
    }

    proptest! {
        #[test]
        fn no_word_has_anything_that_a_query_language_could_read(text in ".*") {
            for word in words(&text) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().all(char::is_alphanumeric));
            }
        }
    }
}
