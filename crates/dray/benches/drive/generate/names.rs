//! Names like those of a real drive: a few words, most of them common and some rare, and an extension.

use fastrand::Rng;

/// The words in most names, the most common first. Invented words follow.
const COMMON: [&str; 24] = [
    "report",
    "photo",
    "invoice",
    "final",
    "draft",
    "meeting",
    "notes",
    "budget",
    "project",
    "plan",
    "summary",
    "contract",
    "design",
    "backup",
    "team",
    "annual",
    "review",
    "client",
    "marketing",
    "archive",
    "letter",
    "holiday",
    "scan",
    "presentation",
];
const VOCABULARY: usize = 20_000;
const ENDINGS: [(&str, u32); 5] = [("pdf", 40), ("jpg", 30), ("docx", 15), ("xlsx", 10), ("txt", 5)];
const SYLLABLES: [&str; 20] = [
    "ba", "cor", "del", "fi", "gan", "hol", "ju", "ki", "lam", "mo", "ner", "os", "pra", "qui", "ras", "sto",
    "ter", "ul", "vin", "zo",
];

/// Makes names. The n-th most common word is n times as rare as the first (Zipf), and every second name begins
/// with the first.
pub(crate) struct Names {
    words: Vec<String>,
    /// The cumulative frequency of the words up to each one.
    frequencies: Vec<f64>,
}

impl Names {
    pub(crate) fn new() -> Self {
        let made_up = (0..VOCABULARY - COMMON.len()).map(made_up);
        let words: Vec<_> = COMMON.iter().map(|word| (*word).to_owned()).chain(made_up).collect();
        let mut sum = 0.0;
        let mut rank = 0.0;
        let frequencies = words
            .iter()
            .map(|_| {
                rank += 1.0;
                sum += 1.0 / rank;
                sum
            })
            .collect();
        Self { words, frequencies }
    }

    pub(crate) fn folder(&self, rng: &mut Rng) -> String {
        self.words(rng).join(" ")
    }

    /// A file's name, with the word `planted` in it if there is one.
    pub(crate) fn file(&self, rng: &mut Rng, planted: Option<&str>) -> String {
        let mut words = self.words(rng);
        words.extend(planted.map(str::to_owned));
        if rng.u8(..3) == 0 {
            words.push(format!("20{}-{:02}-{:02}", rng.u8(16..26), rng.u8(1..13), rng.u8(1..29)));
        }
        let separator = if rng.bool() { " " } else { "_" };
        format!("{}.{}", words.join(separator), ending(rng.u32(..100)))
    }

    fn words(&self, rng: &mut Rng) -> Vec<String> {
        let first = rng.bool().then(|| COMMON[0].to_owned());
        let others = (0..rng.u8(1..5)).map(|_| self.word(rng));
        let mut words: Vec<_> = first.into_iter().chain(others).collect();
        if rng.u8(..4) == 0 {
            words[0] = words[0].to_uppercase();
        }
        words
    }

    fn word(&self, rng: &mut Rng) -> String {
        let at = rng.f64() * self.frequencies.last().copied().unwrap_or_default();
        let rank = self.frequencies.partition_point(|sum| *sum < at);
        self.words[rank.min(self.words.len() - 1)].clone()
    }
}

fn made_up(number: usize) -> String {
    let mut rest = number + 1;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

fn ending(percent: u32) -> &'static str {
    let mut sum = 0;
    let found = ENDINGS.iter().find(|(_, share)| {
        sum += share;
        percent < sum
    });
    found.map_or("bin", |(ending, _)| *ending)
}
