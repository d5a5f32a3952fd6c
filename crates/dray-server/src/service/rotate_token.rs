//! A token replaces itself by a new token with the same rights and the same folder. The creator of the first token
//! sets how long the replacements may live.

use dray_api::limits::MAX_ROTATIONS;
use dray_api::{CreatedToken, RotateToken, TokenId};
use jiff::{SignedDuration, Timestamp};

use super::asked_time::AskedTime;
use super::tokens::{Maker, insert, within};
use super::{Made, Once, Service};
use crate::db::tokens::{self, TokenRow};
use crate::drive::access::Caller;
use crate::drive::token::AccessToken;
use crate::drive::{Error, Result};
use crate::random;

/// How long a token stays valid after another has replaced it.
const OLD_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Service {
    /// Creates the token that replaces the caller's.
    pub(crate) async fn rotate_token(
        &self,
        caller: &Caller,
        request: RotateToken,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<CreatedToken>> {
        let expires_at = AskedTime::parse("expiresAt", request.expires_at.as_deref())?;
        let (id, secret) = (random::id(now, TokenId::new)?, AccessToken::generate(random::bytes)?);
        let (caller, hash, end_old_now) = (*caller, secret.hash(), request.end_old_now);
        let made = self.db.write(move |c| {
            once.make(c, &caller, now, || {
                let old = Maker::of(c, &caller, now)?.line.token;
                if old.successor.is_some() {
                    return Err(Error::TokenRotated);
                }
                let since = now.checked_sub(OLD_LIFE).map_err(Error::internal)?;
                if tokens::count_replaced(c, old.id, since)? >= i64::from(MAX_ROTATIONS) {
                    let rule =
                        format!("can replace each other at most {MAX_ROTATIONS} times within 24 hours");
                    return Err(Error::field("Tokens", rule));
                }
                let maker_until = old.parent.map(|parent| tokens::line(c, parent)).transpose()?.flatten();
                let latest = latest_end(&old, maker_until.map(|line| line.until));
                let asked = expires_at.map(|time| time.within_a_year(now)).transpose()?;
                let row = tokens::NewToken {
                    id,
                    hash: hash.clone(),
                    workspace: caller.workspace,
                    user: caller.user,
                    name: old.name.clone(),
                    scopes: old.scopes.join(" "),
                    folder: old.folder,
                    created_at: now,
                    expires_at: new_end(&old, asked, latest, now)?,
                    parent: old.parent,
                    rotate_until: Some(old.rotate_until.unwrap_or(old.expires_at)),
                };
                let made = insert(c, &row)?;
                let old_ends_at = now.checked_add(OLD_LIFE).map_err(Error::internal)?.min(old.expires_at);
                tokens::succeed(c, old.id, id, old_ends_at, end_old_now.then_some(now))?;
                Ok(made)
            })
        });
        Ok(made.await?.map_secret(&secret))
    }
}

/// The latest expiry of the new token: the time that the creator of the first token allowed, but not later than the
/// end of the token that created the old one.
fn latest_end(old: &TokenRow, maker_until: Option<Timestamp>) -> Timestamp {
    let said = old.rotate_until.unwrap_or(old.expires_at);
    maker_until.map_or(said, |until| until.min(said))
}

fn new_end(old: &TokenRow, asked: Option<Timestamp>, latest: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if let Some(time) = asked {
        return within("expiresAt", time, latest);
    }
    let life = old.expires_at.duration_since(old.created_at);
    Ok(now.checked_add(life).map_err(Error::internal)?.min(latest))
}

#[cfg(test)]
mod tests {
    use dray_api::TokenId;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    fn old(rotate_until: Option<i64>) -> TokenRow {
        TokenRow {
            id: TokenId::new(1, [0; 8]),
            email: String::new(),
            name: String::new(),
            scopes: Vec::new(),
            folder: None,
            created_at: at(100),
            expires_at: at(130),
            revoked_at: None,
            parent: None,
            rotate_until: rotate_until.map(at),
            successor: None,
        }
    }

    #[test]
    fn a_new_token_lives_as_long_as_the_old_one_was_created_for_within_its_makers_limit() {
        let end = |rotate_until, maker_until: Option<i64>, now| {
            let old = old(rotate_until);
            new_end(&old, None, latest_end(&old, maker_until.map(at)), at(now)).unwrap()
        };
        assert_eq!(end(None, None, 120), at(130), "nobody said that it may live longer");
        assert_eq!(end(Some(1000), None, 120), at(150));
        assert_eq!(end(Some(140), None, 120), at(140));
        assert_eq!(end(Some(1000), Some(145), 120), at(145), "it ends with the token that it was made with");
    }

    #[test]
    fn a_requested_expiry_must_be_within_the_makers_limit() {
        let old = old(Some(1000));
        let end = |asked, latest| new_end(&old, Some(at(asked)), at(latest), at(120));
        assert_eq!(end(1000, 1000), Ok(at(1000)));
        assert!(end(1001, 1000).is_err());
    }
}
