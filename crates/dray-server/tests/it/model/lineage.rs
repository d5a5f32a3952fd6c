//! The reference model of tokens that make tokens, apart from the code:
//!
//! 8. A token that does everything, anywhere, makes others; none does more than it. What it made ends with it.
//! 9. Any token puts another in its own place, once, with the same rights: what it made goes on with that one.
//! 10. A token knows of, and may revoke, itself, what it made, what it took the place of, and of those the same; one
//!     that an operator made knows of all its user's. What comes of a revoked token is revoked.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default)]
struct Token {
    maker: Option<String>,
    successor: Option<String>,
    is_revoked: bool,
}

/// Tokens of which the operator made none, by what the server calls them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage(BTreeMap<String, Token>);

impl Lineage {
    /// `maker` is `None` if it was made with a token of the operator's.
    pub(crate) fn made(&mut self, id: &str, maker: Option<&str>) {
        self.0.insert(id.to_owned(), Token { maker: maker.map(str::to_owned), ..Token::default() });
    }

    pub(crate) fn may_rotate(&self, id: &str) -> bool {
        self.0[id].successor.is_none()
    }

    /// Rule 9.
    pub(crate) fn rotated(&mut self, old: &str, new: &str) {
        let maker = self.0[old].maker.clone();
        for token in self.0.values_mut().filter(|token| token.maker.as_deref() == Some(old)) {
            token.maker = Some(new.to_owned());
        }
        self.made(new, maker.as_deref());
        self.0.get_mut(old).unwrap().successor = Some(new.to_owned());
    }

    /// Rule 10.
    pub(crate) fn comes_of(&self, id: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([id.to_owned()]);
        loop {
            let is_of = |other: &Option<String>| other.as_ref().is_some_and(|other| found.contains(other));
            let more = self.0.iter().filter(|(_, token)| is_of(&token.maker) || is_of(&token.successor));
            let all: BTreeSet<_> = found.iter().cloned().chain(more.map(|(id, _)| id.clone())).collect();
            if all.len() == found.len() {
                return found;
            }
            found = all;
        }
    }

    pub(crate) fn revoke(&mut self, id: &str) {
        for id in self.comes_of(id) {
            self.0.get_mut(&id).unwrap().is_revoked = true;
        }
    }

    /// Rule 8.
    pub(crate) fn is_good(&self, id: &str) -> bool {
        let token = &self.0[id];
        !token.is_revoked && token.maker.as_ref().is_none_or(|maker| self.is_good(maker))
    }
}
