//! The reference model of tokens that create tokens. It shares no code with the server:
//!
//! 9.  A token that may do everything, anywhere, creates others. None of them may do more than it. They end with it.
//! 10. Any token replaces itself, once, by one with the same rights. The tokens that it created then belong to the new
//!     one.
//! 11. A token sees, and may revoke, itself, the tokens that it created, the one that it replaced, and theirs. A
//!     token that an operator created sees all tokens of its user. Revoking a token revokes all tokens that come from
//!     it.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default)]
struct Token {
    maker: Option<String>,
    successor: Option<String>,
    is_revoked: bool,
}

/// Tokens that no operator created, by their ids on the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage(BTreeMap<String, Token>);

impl Lineage {
    /// `maker` is `None` if an operator's token made it.
    pub(crate) fn made(&mut self, id: &str, maker: Option<&str>) {
        self.0.insert(id.to_owned(), Token { maker: maker.map(str::to_owned), ..Token::default() });
    }

    pub(crate) fn may_rotate(&self, id: &str) -> bool {
        self.0[id].successor.is_none()
    }

    /// Rule 10.
    pub(crate) fn rotated(&mut self, old: &str, new: &str) {
        let maker = self.0[old].maker.clone();
        for token in self.0.values_mut().filter(|token| token.maker.as_deref() == Some(old)) {
            token.maker = Some(new.to_owned());
        }
        self.made(new, maker.as_deref());
        self.0.get_mut(old).unwrap().successor = Some(new.to_owned());
    }

    /// Rule 11.
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

    /// Rule 9.
    pub(crate) fn is_good(&self, id: &str) -> bool {
        let token = &self.0[id];
        !token.is_revoked && token.maker.as_ref().is_none_or(|maker| self.is_good(maker))
    }
}
