//! Pages of a sorted listing, with keys grouped under common prefixes. Objects and uploads share it.
//!
//! A group costs one step however many keys it holds: the listing continues after the last possible key of the group.

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) prefix: String,
    /// What ends a common prefix; never empty.
    pub(crate) delimiter: Option<String>,
    /// A common prefix that an earlier page ended with. Its keys are not listed again.
    pub(crate) marker: String,
    pub(crate) limit: usize,
}

/// A page of a listing.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) prefixes: Vec<String>,
    /// The last key or prefix of this page, if more follow.
    pub(crate) next: Option<String>,
}

/// Where in the order to continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Position {
    /// At this key or the first after it.
    From(String),
    /// After this key and, among uploads of the same key, after this upload.
    After(String, i64),
}

/// Something that a listing can sort.
pub(crate) trait Sorted {
    fn key(&self) -> &str;
    fn position(&self) -> Position;
}

/// The number of rows fetched at once at first, and the most.
const FEWEST_ROWS: usize = 8;
const MOST_ROWS: usize = 1024;

/// Reads a page, from `start` on. `fetch` returns up to the given number of rows from a position on, in order.
pub(crate) fn page<T: Sorted, E>(
    listing: &Listing,
    start: Position,
    mut fetch: impl FnMut(&Position, usize) -> Result<Vec<T>, E>,
) -> Result<Page<T>, E> {
    let mut walk = Walk::new(listing, start);
    if listing.limit == 0 {
        return Ok(walk.page);
    }
    loop {
        let rows = fetch(&walk.position, walk.rows_wanted)?;
        if walk.take(rows) == Walked::ToTheEnd {
            return Ok(walk.page);
        }
    }
}

/// A page that is being filled.
struct Walk<'a, T> {
    listing: &'a Listing,
    page: Page<T>,
    position: Position,
    /// The last key or prefix of the page so far.
    last: String,
    rows_wanted: usize,
}

#[derive(PartialEq, Eq)]
enum Walked {
    Further,
    ToTheEnd,
}

impl<'a, T: Sorted> Walk<'a, T> {
    fn new(listing: &'a Listing, start: Position) -> Self {
        Self {
            listing,
            page: Page { items: Vec::new(), prefixes: Vec::new(), next: None },
            position: start.at_least(&listing.prefix),
            last: String::new(),
            rows_wanted: if listing.delimiter.is_some() { FEWEST_ROWS } else { listing.limit + 1 },
        }
    }

    /// Adds rows up to the first that ends the page or belongs to a group.
    fn take(&mut self, rows: Vec<T>) -> Walked {
        let is_last = rows.len() < self.rows_wanted;
        for row in rows {
            if !row.key().starts_with(&self.listing.prefix) {
                return Walked::ToTheEnd;
            }
            let group = self.listing.group(row.key()).map(str::to_owned);
            if group.as_ref() == Some(&self.listing.marker) {
                return self.skip(&self.listing.marker);
            }
            if self.page.items.len() + self.page.prefixes.len() == self.listing.limit {
                self.page.next = Some(std::mem::take(&mut self.last));
                return Walked::ToTheEnd;
            }
            if let Some(group) = group {
                self.last.clone_from(&group);
                let walked = self.skip(&group);
                self.page.prefixes.push(group);
                return walked;
            }
            row.key().clone_into(&mut self.last);
            self.position = row.position();
            self.page.items.push(row);
        }
        self.rows_wanted = (self.rows_wanted * 2).min(MOST_ROWS);
        if is_last { Walked::ToTheEnd } else { Walked::Further }
    }

    /// Continues after all keys of a group.
    fn skip(&mut self, group: &str) -> Walked {
        let Some(next) = after_prefix(group) else {
            return Walked::ToTheEnd;
        };
        (self.position, self.rows_wanted) = (Position::From(next), FEWEST_ROWS);
        Walked::Further
    }
}

impl Listing {
    /// The common prefix that takes the place of this key, if any.
    fn group<'a>(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter.as_deref()?;
        let at = key[self.prefix.len()..].find(delimiter)?;
        Some(&key[..self.prefix.len() + at + delimiter.len()])
    }
}

impl Position {
    /// This position, or the first key of the prefix if that comes later.
    fn at_least(self, prefix: &str) -> Self {
        match &self {
            Self::From(key) | Self::After(key, _) if key.as_str() < prefix => Self::From(prefix.to_owned()),
            _ => self,
        }
    }
}

/// The first string that sorts after all strings with `prefix`; `None` if there is none. UTF-8 sorts by
/// code points, so the last character is replaced by the next one.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    impl Sorted for String {
        fn key(&self) -> &str {
            self
        }

        fn position(&self) -> Position {
            Position::After(self.clone(), i64::MAX)
        }
    }

    fn fetch(keys: &[String], position: &Position, count: usize) -> Vec<String> {
        let from = |key: &&String| match position {
            Position::From(start) => *key >= start,
            Position::After(start, _) => *key > start,
        };
        keys.iter().filter(from).take(count).cloned().collect()
    }

    /// All pages of a listing, one after the other, and how many rows were fetched.
    fn walk(keys: &[String], prefix: &str, delimiter: Option<&str>, limit: usize) -> (Vec<String>, usize) {
        let (mut all, mut marker, mut rows) = (Vec::new(), String::new(), 0);
        loop {
            let listing = Listing {
                prefix: prefix.to_owned(),
                delimiter: delimiter.map(str::to_owned),
                marker: marker.clone(),
                limit,
            };
            let start = Position::After(marker.clone(), i64::MAX);
            let page = page(&listing, start, |position, count| {
                let fetched = fetch(keys, position, count);
                rows += fetched.len();
                Ok::<_, Infallible>(fetched)
            });
            let Ok(mut page) = page;
            assert!(page.items.len() + page.prefixes.len() <= limit);
            page.items.append(&mut page.prefixes);
            page.items.sort();
            all.append(&mut page.items);
            match page.next {
                Some(next) => marker = next,
                None => return (all, rows),
            }
        }
    }

    fn expected(keys: &[String], prefix: &str, delimiter: Option<&str>) -> Vec<String> {
        let mut all: Vec<String> = keys
            .iter()
            .filter(|key| key.starts_with(prefix))
            .map(|key| match delimiter.and_then(|d| key[prefix.len()..].find(d).map(|at| at + d.len())) {
                Some(end) => key[..prefix.len() + end].to_owned(),
                None => key.clone(),
            })
            .collect();
        all.dedup();
        all
    }

    proptest! {
        #[test]
        fn pages_together_hold_every_key_and_group_once(
            keys in prop::collection::btree_set("[ab/\u{10ffff}]{1,5}", 0..60),
            prefix in "[ab/]{0,2}",
            delimiter in prop::option::of(Just("/")),
            limit in 1_usize..6,
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let found = walk(&keys, &prefix, delimiter, limit).0;
            prop_assert_eq!(found, expected(&keys, &prefix, delimiter));
        }
    }

    #[test]
    fn a_big_group_is_skipped_in_one_step() {
        let mut keys: Vec<String> = (0..100_000).map(|number| format!("a/{number:06}")).collect();
        keys.push("b".to_owned());
        let (found, rows) = walk(&keys, "", Some("/"), 1000);
        assert_eq!(found, ["a/", "b"]);
        assert!(rows < 20, "{rows} rows were fetched");
    }

    #[test]
    fn the_string_after_a_prefix_skips_surrogates_and_the_last_character() {
        assert_eq!(after_prefix("a/").as_deref(), Some("a0"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }
}
