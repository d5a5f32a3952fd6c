//! Cursors: where the next page of a list begins. Every cursor names its list by a short hash, so that no other list takes it.
//! This file does not know how lists are read.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dray_api::limits::MAX_CURSOR_CHARS;
use dray_api::{GrantId, ItemId, ListSort, RequestId};
use jiff::Timestamp;
use serde::Serialize;

use crate::listing::{ListOrder, Position, SortKey};
use crate::{Error, Result};

/// How many hexadecimal digits of a hash name the list of a cursor. A cursor is no secret, so this need only tell lists apart.
const TAG_DIGITS: usize = 16;

/// A list that is read in pages, with every parameter that decides what it has and in which order. The size of a page does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum List {
    /// The content of a folder; `None` means the root.
    Children(Option<ItemId>, ListOrder),
    /// What others share with the caller.
    Shared(ListOrder),
    /// The caller's trash.
    Trash,
    /// The caller's unfinished uploads.
    Uploads,
    /// The grants that the caller may see.
    Grants,
    /// The uploads of one grant.
    GrantUploads(GrantId),
    /// File requests: those to one folder, or those that the caller's user has made.
    Requests(Option<ItemId>),
    /// The uploads to one file request.
    Submissions(RequestId),
    /// The files that one submitter has sent.
    Sent(GrantId),
}

impl List {
    /// The cursor of the page after the item at this position.
    pub fn cursor_at(self, position: &Position) -> String {
        self.cursor(&serde_json::to_string(position).unwrap_or_default())
    }

    /// Reads what [`List::cursor_at`] wrote for this list, whose order is `order`.
    pub fn position(self, order: ListOrder, cursor: &str) -> Result<Position> {
        let position: Position =
            serde_json::from_str(&self.place(cursor)?).map_err(|_| Error::InvalidCursor)?;
        let fits = match &position.key {
            // Databases refuse NUL or treat it as the end of a text.
            SortKey::Text(text) => order.sort == ListSort::Name && !text.contains('\0'),
            SortKey::Number(_) => order.sort != ListSort::Name,
        };
        if fits { Ok(position) } else { Err(Error::InvalidCursor) }
    }

    /// The cursor of the page after an entry, for a list that is sorted by a time and an id.
    pub fn cursor_after(self, time: Timestamp, id: impl Display) -> String {
        self.cursor(&format!("{} {id}", time.as_millisecond()))
    }

    /// Reads what [`List::cursor_after`] wrote for this list.
    pub fn after<T: FromStr>(self, cursor: Option<&str>) -> Result<Option<(Timestamp, T)>> {
        let Some(cursor) = cursor else { return Ok(None) };
        let place = self.place(cursor)?;
        let read = || {
            let (millis, id) = place.split_once(' ')?;
            Some((Timestamp::from_millisecond(millis.parse().ok()?).ok()?, id.parse().ok()?))
        };
        read().ok_or(Error::InvalidCursor).map(Some)
    }

    fn cursor(self, place: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {place}", self.tag()))
    }

    /// The place in this list that a cursor names. A cursor of another list is refused.
    fn place(self, cursor: &str) -> Result<String> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (tag, place) = str::from_utf8(&bytes).ok()?.split_once(' ')?;
            (tag == self.tag()).then(|| place.to_owned())
        };
        (cursor.len() <= MAX_CURSOR_CHARS).then(read).flatten().ok_or(Error::InvalidCursor)
    }

    fn tag(self) -> String {
        let list = serde_json::to_vec(&self).unwrap_or_default();
        blake3::hash(&list).to_hex()[..TAG_DIGITS].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use dray_api::SortOrder;

    use super::*;
    use crate::listing::Kind;

    fn id() -> ItemId {
        ItemId::new(1, [2; 8])
    }

    fn lists() -> Vec<List> {
        let mut lists = vec![
            List::Trash,
            List::Uploads,
            List::Grants,
            List::GrantUploads(GrantId::new(1, [2; 8])),
            List::GrantUploads(GrantId::new(1, [3; 8])),
            List::Requests(None),
            List::Requests(Some(id())),
            List::Submissions(RequestId::new(1, [2; 8])),
            List::Sent(GrantId::new(1, [2; 8])),
        ];
        for (_, sort) in ListSort::ALL {
            for (_, order) in SortOrder::ALL {
                let order = ListOrder { sort: *sort, order: *order };
                let other = ItemId::new(1, [3; 8]);
                lists.extend([None, Some(id()), Some(other)].map(|id| List::Children(id, order)));
                lists.push(List::Shared(order));
            }
        }
        lists
    }

    #[test]
    fn a_cursor_is_valid_for_its_own_list_only() {
        let key = |order: ListOrder| match order.sort {
            ListSort::Name => SortKey::Text("a\u{e9}".into()),
            _ => SortKey::Number(7),
        };
        for (at, of) in lists().into_iter().enumerate() {
            for (other_at, other) in lists().into_iter().enumerate() {
                let is_read = if let List::Children(_, order) | List::Shared(order) = of {
                    let position = Position { kind: Kind::File, key: key(order), id: id() };
                    other.position(order, &of.cursor_at(&position)) == Ok(position)
                } else {
                    let cursor = of.cursor_after(Timestamp::UNIX_EPOCH, id());
                    other.after(Some(&cursor)) == Ok(Some((Timestamp::UNIX_EPOCH, id())))
                };
                assert_eq!(is_read, at == other_at, "{of:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_text_that_is_no_cursor_is_refused() {
        let order = ListOrder::BY_NAME;
        let list = List::Shared(order);
        let long = "a".repeat(MAX_CURSOR_CHARS + 1);
        let invented = [
            "",
            "{}",
            "[\"0\",\"a\"]",
            "7 x",
            r#"{"kind":"0","key":"a\u0000","id":"000000000000000000000000"}"#,
        ];
        let invented = invented.map(|place| list.cursor(place));
        for text in ["", "x", "e30", "!", &long].into_iter().chain(invented.iter().map(String::as_str)) {
            assert_eq!(list.position(order, text), Err(Error::InvalidCursor), "{text}");
            assert_eq!(list.after::<ItemId>(Some(text)), Err(Error::InvalidCursor), "{text}");
        }
        assert_eq!(list.after::<ItemId>(None), Ok(None));
    }
}
