//! The words of names and of searches.

use dray_api::text::is_ignorable;
use icu_properties::CodePointMapData;
use icu_properties::props::LineBreak;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The maximum number of bytes of a word. Postgres allows 2,046; a longer word is found by its beginning. (Hangul
/// syllables decompose into three letters each, so a name can be one word of 2,295 bytes.)
const MAX_WORD_BYTES: usize = 1024;

/// The maximum number of words of a query, because a name has no more.
const MAX_WORDS: usize = 128;
/// The lengths of the beginnings by which a word can be looked up, in characters. The databases' indexes have the
/// same (`0002_search.sql`).
pub const BEGINNINGS: [usize; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 24];

/// The maximum number of characters of a word that begins inside a run of letters without spaces.
const WINDOW: usize = 12;

/// A piece of a text between characters that are neither letters nor digits.
enum Piece {
    /// A word, which is found by its beginning.
    Word(String),
    /// Letters of a script that writes words without spaces: the run is found from any of its letters on.
    Run(Vec<char>),
}

/// The words of a name for the index, each once: without case and accents, split at everything that is neither a
/// letter nor a digit. In scripts without spaces, each ideograph or syllable is a word. In alphabets without spaces,
/// a word begins at each letter.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Word(word) => add(&mut words, word),
            Piece::Run(run) => {
                for start in (0..run.len()).filter(|at| !is_combining_mark(run[*at])) {
                    add(&mut words, window(&run, start));
                }
            }
        }
    }
    words
}

/// The words of a search: like those of a name, but of a run only as many as are needed to cover it.
fn wanted(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Word(word) => add(&mut words, word),
            Piece::Run(run) => {
                let mut start = run.iter().position(|c| !is_combining_mark(*c));
                while let Some(at) = start {
                    add(&mut words, window(&run, at));
                    // The next word begins at the last letter that leaves no gap.
                    let end = (at + WINDOW).min(run.len());
                    start = (at + 1..=end)
                        .rev()
                        .find(|next| run.get(*next).is_some_and(|c| !is_combining_mark(*c)));
                    start = start.filter(|_| end < run.len());
                }
            }
        }
    }
    words
}

fn window(run: &[char], start: usize) -> String {
    run[start..].iter().take(WINDOW).collect()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut word, mut run) = (String::new(), Vec::new());
    // Compatibility forms (ligatures, full-width letters) become the letters that they stand for; accents are marks.
    for c in text.nfkd().flat_map(char::to_lowercase).filter(|c| !says_nothing(*c)) {
        let belongs = c.is_alphanumeric() || is_combining_mark(c);
        let is_of_run = belongs && (runs_on(c) || (is_combining_mark(c) && !run.is_empty()));
        if !is_of_run && !run.is_empty() {
            pieces.push(Piece::Run(std::mem::take(&mut run)));
        }
        if (!belongs || is_of_run || stands_alone(c)) && !word.is_empty() {
            pieces.push(Piece::Word(std::mem::take(&mut word)));
        }
        if is_of_run {
            run.push(c);
        } else if belongs && stands_alone(c) {
            pieces.push(Piece::Word(c.to_string()));
        } else if belongs && !(word.is_empty() && is_combining_mark(c)) {
            word.push(c);
        }
    }
    pieces.push(Piece::Run(run));
    pieces.push(Piece::Word(word));
    pieces
}

fn add(words: &mut Vec<String>, mut word: String) {
    word.truncate(word.floor_char_boundary(MAX_WORD_BYTES));
    if !word.is_empty() && !words.contains(&word) {
        words.push(word);
    }
}

/// Accents and characters without a shape: names that differ only in these have the same words. The zero-width
/// non-joiner is not among them, because it separates letters.
fn says_nothing(c: char) -> bool {
    (c != '\u{200C}' && is_ignorable(c)) || is_accent(c)
}

/// Marks that people leave out when they search: those of European alphabets, the points of Hebrew, Arabic and Syriac,
/// the nuqta of Indic scripts, and kana's voicing. Any other mark is a vowel or a tone, and without it the word is a
/// different one (Thai, Hindi, Khmer, Burmese).
fn is_accent(c: char) -> bool {
    is_combining_mark(c)
        && matches!(
            c,
            '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05C7}' | '\u{0610}'..='\u{061A}'
            | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06ED}' | '\u{0711}' | '\u{0730}'..='\u{074A}'
            | '\u{08CA}'..='\u{08FF}' | '\u{093C}' | '\u{09BC}' | '\u{0A3C}' | '\u{0ABC}' | '\u{0B3C}'
            | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{302A}'..='\u{302F}'
            | '\u{3099}' | '\u{309A}' | '\u{FE20}'..='\u{FE2F}'
        )
}

/// Han, Hiragana, Katakana, Bopomofo, Yi, Tangut and Nushu (Unicode's blocks).
fn stands_alone(c: char) -> bool {
    matches!(
        c,
        '\u{3040}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{A000}'..='\u{A48F}' | '\u{F900}'..='\u{FAFF}' | '\u{17000}'..='\u{18D8F}'
        | '\u{1AFF0}'..='\u{1B2FF}' | '\u{20000}'..='\u{3FFFF}'
    )
}

/// Letters and vowels of scripts that write words without spaces between them, by the Unicode line breaking algorithm
/// (UAX 14): Thai, Lao, Khmer, Burmese, Tai and Ahom need a dictionary to find words; Balinese, Javanese and similar
/// scripts break at syllables.
fn runs_on(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            CodePointMapData::<LineBreak>::new().get(c),
            LineBreak::ComplexContext
                | LineBreak::Aksara
                | LineBreak::AksaraPrebase
                | LineBreak::AksaraStart
                | LineBreak::ViramaFinal
                | LineBreak::Virama
        )
}

/// The words of a query, at least one. A name matches if it has each of them, or a word that begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of a query; `None` if there is neither a letter nor a digit in it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = wanted(text);
        words.truncate(MAX_WORDS);
        (!words.is_empty()).then_some(Self(words))
    }

    /// The words. They consist only of letters, their marks and digits, so no database reads any part of them as an
    /// operator.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The longest indexed beginning of each word. A name that has all of these may still not have the words.
    pub fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.iter().map(beginning)
    }

    /// Whether the beginnings are the whole words.
    pub fn are_beginnings(&self) -> bool {
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
    fn in_scripts_without_spaces_each_character_is_a_word() {
        assert_eq!(words("2026年报告v2"), ["2026", "年", "报", "告", "v2"]);
        assert_eq!(words("한국").len(), 1);
    }

    /// Whether the databases would find the name: every word of the query begins a word of the name.
    fn is_found(query: &str, name: &str) -> bool {
        let indexed = words(name);
        let words = Words::parse(query).unwrap();
        words.iter().all(|word| indexed.iter().any(|one| one.starts_with(word)))
    }

    #[test]
    fn any_part_of_a_run_without_spaces_is_found() {
        for (query, name) in [
            ("เอกสาร", "สำเนาเอกสาร2569.pdf"),
            ("เอกสาร", "สำเนาเอกสาร๒๕๖๙.pdf"),
            ("2569", "สำเนาเอกสาร2569.pdf"),
            ("ที่", "รายงานที่ประชุม"),
            ("ປະຊຸມ", "ບົດລາຍງານປະຊຸມ.docx"),
            ("ឯកសារ", "សំណៅឯកសារ.pdf"),
            ("စာရွက်", "မိတ္တူစာရွက်.pdf"),
            ("ꦗꦮ", "ꦧꦱꦗꦮ"),
            ("报告", "2026年报告v2"),
            ("สำเนาเอกสารราชการกระทรวง", "แฟ้มสำเนาเอกสารราชการกระทรวงมหาดไทย.pdf"),
        ] {
            assert!(is_found(query, name), "{query} in {name}: {:?} {:?}", wanted(query), words(name));
        }
        for (query, name) in [("เอกสาร", "สารเอก.pdf"), ("ที", "ที่"), ("မာ", "မိတ္တူ"), ("เอกสารลับ", "เอกสาร")]
        {
            // A further vowel or tone makes the beginning longer; a different one makes another word.
            let expected = name.starts_with(query);
            assert_eq!(is_found(query, name), expected, "{query} in {name}");
        }
    }

    #[test]
    fn vowels_and_tones_are_not_accents() {
        assert_eq!(words("किताब"), ["किताब"]);
        assert_eq!(words("தமிழ்"), ["தமிழ்"]);
        assert_ne!(words("मिल"), words("मेल"));
        assert_eq!(words("שָׁלוֹם"), words("שלום"));
        assert_eq!(words("مُحَمَّد"), words("محمد"));
    }

    #[test]
    fn characters_without_a_shape_do_not_count() {
        for text in
            ["\u{200E}report", "rep\u{AD}ort", "report\u{200F}", "re\u{200B}port", "\u{2060}report\u{FE0F}"]
        {
            assert_eq!(words(text), ["report"], "{text:?}");
        }
        assert_eq!(words("חשבון\u{200F}"), words("חשבון"));
        assert_eq!(words("می\u{200C}خواهم"), ["می", "خواهم"]);
    }

    #[test]
    fn a_long_run_is_indexed_in_bounded_pieces() {
        let words = words(&"กรุงเทพมหานคร".repeat(20));
        assert!(words.iter().all(|word| word.chars().count() <= WINDOW));
        assert!(words.iter().map(String::len).sum::<usize>() < 10_000);
    }

    #[test]
    fn a_word_is_no_longer_than_the_databases_allow() {
        let long = "각".repeat(255);
        assert_eq!(words(&long).iter().map(String::len).collect::<Vec<_>>(), [1023]);
        assert_eq!(words(&long), wanted(&format!("{long}각")), "what is searched for is cut as names are");
    }

    #[test]
    fn without_a_letter_or_digit_there_are_no_words() {
        for text in ["", " ", "\"*-:^()", "…", "🙂", "\u{301}"] {
            assert_eq!(Words::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_longest_indexed_beginning_of_a_word_is_looked_up() {
        let words = Words::parse("a repor report documents ŽLUŤOUČKÝ").unwrap();
        assert_eq!(words.beginnings().collect::<Vec<_>>(), ["a", "repo", "report", "document", "zlutouck"]);
        assert!(!words.are_beginnings());
        assert!(Words::parse("report plan").unwrap().are_beginnings());
    }

    proptest! {
        #[test]
        fn no_word_has_anything_that_a_query_language_could_read(text in ".*") {
            for word in words(&text).into_iter().chain(wanted(&text)) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c)));
            }
        }
    }
}
