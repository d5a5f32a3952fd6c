//! Follows a list from page to page to its end, and notices circles.

use crate::error::Error;

/// The maximum number of pages of a list. With 1,000 items on a page, they hold a hundred million items.
const MAX_PAGES: u64 = 100_000;

/// A position in a list.
#[derive(Debug, Default)]
pub struct Pages {
    read: u64,
    cursor: Option<String>,
    /// An earlier cursor, from which the next ones must differ. It is replaced at the 1st, 2nd, 4th, 8th … page. So a
    /// circle of any length is noticed, although only one cursor is kept.
    before: Option<String>,
}

impl Pages {
    /// The cursor of the next page.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Moves to the next page. Returns `false` after the last page. Fails if the list does not end.
    pub fn go_on(&mut self, next_cursor: Option<String>) -> Result<bool, Error> {
        self.read += 1;
        if next_cursor.is_some() && (next_cursor == self.before || self.read >= MAX_PAGES) {
            return Err(Error::EndlessList { pages: self.read });
        }
        if self.read.is_power_of_two() {
            self.before.clone_from(&next_cursor);
        }
        self.cursor = next_cursor;
        Ok(self.cursor.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_the_page_that_names_no_next_page() {
        let mut pages = Pages::default();
        assert!(pages.go_on(Some("a".into())).unwrap());
        assert_eq!(pages.cursor(), Some("a"));
        assert!(!pages.go_on(None).unwrap());
    }

    #[test]
    fn a_circle_of_any_length_is_noticed() {
        for length in 1..50_u32 {
            let mut pages = Pages::default();
            let mut cursors = (0..length).cycle().map(|cursor| cursor.to_string());
            let noticed = (0..4 * length + 4).any(|_| pages.go_on(cursors.next()).is_err());
            assert!(noticed, "{length}");
        }
    }

    #[test]
    fn a_list_that_never_ends_is_given_up() {
        let mut pages = Pages::default();
        let given_up = (0..=MAX_PAGES).any(|page| pages.go_on(Some(page.to_string())).is_err());
        assert!(given_up);
    }
}
