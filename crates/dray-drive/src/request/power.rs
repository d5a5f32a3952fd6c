//! Who may change what about a file request. Its maker owns what arrives and pays for it, so nobody else may make it take more.

use super::{FileRequest, Wants};
use crate::role::Role;
use crate::{Error, Result};

/// What a caller may do to a request that they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Change everything: they made it, and still manage its folder.
    Change,
    /// Close and restrict it: they manage its folder, but somebody else made it.
    Restrict,
    /// Close it: they made it, but no longer manage its folder.
    Close,
}

impl Power {
    /// The power of a caller who made the request, or who manages its folder; `None` for anybody else.
    pub fn of(is_maker: bool, is_manager: bool) -> Option<Self> {
        match (is_maker, is_manager) {
            (true, true) => Some(Self::Change),
            (false, true) => Some(Self::Restrict),
            (true, false) => Some(Self::Close),
            (false, false) => None,
        }
    }

    /// Refuses a change of the request that takes more than this power.
    pub fn check(self, before: &FileRequest, after: &FileRequest) -> Result<()> {
        let is_reopened = before.closed_at.is_some() && after.closed_at.is_none();
        match self {
            Self::Change => Ok(()),
            Self::Restrict if !is_reopened && is_restricted(&before.wants, &after.wants) => Ok(()),
            Self::Restrict => Err(Error::RequestOfOthers),
            Self::Close if !is_reopened && is_same(&before.wants, &after.wants) => Ok(()),
            Self::Close => Err(Error::RoleTooLow { needed: Role::Admin }),
        }
    }
}

/// Whether `after` differs from `before` only by more restrictions. A password may be set, but not changed: whoever sets another
/// one lets in others.
fn is_restricted(before: &Wants, after: &Wants) -> bool {
    let is_password_kept = before.password_hash.is_none() || after.password_hash == before.password_hash;
    is_password_kept
        && has_same_texts(before, after)
        && is_at_most(after.deadline, before.deadline)
        && after.max_submitters <= before.max_submitters
        && is_at_most(after.max_total_files, before.max_total_files)
        && is_at_most(after.max_total_bytes, before.max_total_bytes)
}

fn is_same(before: &Wants, after: &Wants) -> bool {
    after.password_hash == before.password_hash
        && is_restricted(before, after)
        && is_restricted(after, before)
}

fn has_same_texts(before: &Wants, after: &Wants) -> bool {
    (&after.title, &after.message) == (&before.title, &before.message)
}

/// Compares limits of which `None` is none at all.
fn is_at_most<T: Ord>(after: Option<T>, before: Option<T>) -> bool {
    match (after, before) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(after), Some(before)) => after <= before,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests;
    use super::*;

    fn request(change: impl FnOnce(&mut FileRequest)) -> FileRequest {
        let mut request = tests::request();
        (request.wants.max_total_files, request.wants.max_total_bytes) = (Some(5), None);
        change(&mut request);
        request
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    #[track_caller]
    fn check(change: impl Fn(&mut FileRequest), restrict: bool, close: bool) {
        let (before, after) = (request(|_| {}), request(&change));
        assert_eq!(Power::Change.check(&before, &after), Ok(()));
        assert_eq!(Power::Restrict.check(&before, &after).is_ok(), restrict);
        assert_eq!(Power::Close.check(&before, &after).is_ok(), close);
    }

    #[test]
    fn whoever_did_not_make_a_request_may_close_and_restrict_it_and_nothing_else() {
        check(|_| {}, true, true);
        check(|request| request.closed_at = Some(at(5)), true, true);
        for (secs, is_fine) in [(99, true), (100, true), (101, false)] {
            check(|request| request.wants.deadline = Some(at(secs)), is_fine, secs == 100);
        }
        check(|request| request.wants.deadline = None, false, false);
        check(|request| request.wants.max_submitters -= 1, true, false);
        check(|request| request.wants.max_submitters += 1, false, false);
        check(|request| request.wants.max_total_files = Some(4), true, false);
        check(|request| request.wants.max_total_files = Some(6), false, false);
        check(|request| request.wants.max_total_files = None, false, false);
        check(|request| request.wants.max_total_bytes = Some(1), true, false);
        check(|request| request.wants.password_hash = Some("hash".into()), true, false);
        check(|request| request.wants.title = "Bring me everything".into(), false, false);
        check(|request| request.wants.message = "Now".into(), false, false);
    }

    #[test]
    fn only_the_maker_who_manages_the_folder_reopens_a_request_or_changes_its_password() {
        let closed = request(|request| request.closed_at = Some(at(5)));
        let secret = request(|request| request.wants.password_hash = Some("hash".into()));
        let other = request(|request| request.wants.password_hash = Some("other".into()));
        for (before, after) in [(&closed, &request(|_| {})), (&secret, &other), (&secret, &request(|_| {}))] {
            assert_eq!(Power::Change.check(before, after), Ok(()));
            assert_eq!(Power::Restrict.check(before, after), Err(Error::RequestOfOthers));
            assert_eq!(Power::Close.check(before, after), Err(Error::RoleTooLow { needed: Role::Admin }));
        }
        assert_eq!(Power::of(false, false), None);
    }
}
