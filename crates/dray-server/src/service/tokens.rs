//! A user's own access tokens.

use dray_api::limits::{MAX_TOKEN_DEPTH, MAX_TOKEN_NAME_CHARS, MAX_TOKENS, MAX_TOKENS_OF_A_TOKEN};
use dray_api::{CreatedToken, NewToken, Token, TokenId, Tokens};
use jiff::{SignedDuration, Timestamp};

use super::asked_time::AskedTime;
use super::{Made, Once, Service, folder};
use crate::db::Conn;
use crate::db::tokens::{self, Line, TokenRow};
use crate::drive::access::{Caller, Scope};
use crate::drive::line::check_line;
use crate::drive::token::AccessToken;
use crate::drive::{Error, Result, wire_time};
use crate::random;

/// How long a token lives if its request does not say when it expires.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The token with which a caller creates another, and what it allows.
pub(super) struct Maker {
    /// The token, and the tokens that it descends from.
    pub(super) line: Line,
    now: Timestamp,
}

impl Service {
    /// Creates a token for the caller. It can do no more than the caller's own token, and ends when that one ends.
    pub(crate) async fn create_token(
        &self,
        caller: &Caller,
        request: NewToken,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<CreatedToken>> {
        caller.require_whole_drive()?;
        check_line("name", &request.name, MAX_TOKEN_NAME_CHARS)?;
        let scopes = read_scopes(&request.scopes)?;
        let times = (
            AskedTime::parse("expiresAt", request.expires_at.as_deref())?,
            AskedTime::parse("rotateUntil", request.rotate_until.as_deref())?,
        );
        let secret = AccessToken::generate(random::bytes)?;
        let row = tokens::NewToken {
            id: random::id(now, TokenId::new)?,
            hash: secret.hash(),
            workspace: caller.workspace,
            user: caller.user,
            name: request.name,
            scopes,
            folder: request.folder_id,
            created_at: now,
            expires_at: now,
            parent: caller.token,
            rotate_until: None,
        };
        let caller = *caller;
        let made = self.db.write(move |c| {
            once.make(c, &caller, now, || {
                let maker = Maker::of(c, &caller, now)?;
                let mut row = row.clone();
                (row.expires_at, row.rotate_until) = maker.child_times(times)?;
                if let Some(id) = row.folder {
                    folder(c, &caller, "folderId", id)?;
                }
                maker.check_count(c, &caller)?;
                insert(c, &row)
            })
        });
        Ok(made.await?.map_secret(&secret))
    }

    /// The caller's tokens, as far as the caller may see them.
    pub(crate) async fn list_tokens(&self, caller: &Caller) -> Result<Tokens> {
        caller.require_whole_drive()?;
        let caller = *caller;
        let rows = self.read_in_turn(&caller, move |c| Ok(tokens::of_caller(c, &caller)?)).await?;
        Ok(Tokens { tokens: rows.into_iter().map(to_wire).collect() })
    }

    /// Revokes one of the caller's tokens and its descendants, from now on; with `ends_replacements`, also the tokens that
    /// have replaced it. A caller who may not see those cannot end them: a token that was replaced must not end its
    /// replacement.
    pub(crate) async fn revoke_token(
        &self,
        caller: &Caller,
        id: TokenId,
        ends_replacements: bool,
        now: Timestamp,
    ) -> Result<()> {
        caller.require_whole_drive()?;
        let caller = *caller;
        self.db
            .write(move |c| {
                tokens::lock_of_user(c, &caller)?;
                if !tokens::is_own(c, &caller, id)? {
                    return Err(Error::TokenNotFound);
                }
                let last = if ends_replacements { tokens::newest(c, id)? } else { id };
                if !tokens::is_own(c, &caller, last)? {
                    return Err(Error::TokenRotated);
                }
                Ok(tokens::revoke(c, last, now).map(drop)?)
            })
            .await
    }
}

impl Maker {
    /// The caller's token, which must still be valid. The transaction that creates the new token checks it. Until
    /// that transaction ends, nobody else creates, rotates or revokes a token of this user.
    pub(super) fn of(c: &Conn, caller: &Caller, now: Timestamp) -> Result<Self> {
        tokens::lock_of_user(c, caller)?;
        let id = caller.token.ok_or_else(|| Error::internal("a token can be created only with a token"))?;
        Ok(Self { line: valid_line(c, id, now)?, now })
    }

    /// Refuses one more token if the user has too many, or if too many come from the token that asks or from one that it
    /// comes from. A token that no other token created is limited only with its user.
    fn check_count(&self, c: &Conn, caller: &Caller) -> Result<()> {
        if tokens::count_good(c, caller, self.now)? >= i64::from(MAX_TOKENS) {
            let rule = format!("are limited to {MAX_TOKENS} a user, and you have that many: revoke one");
            return Err(Error::field("Tokens", rule));
        }
        let (mut id, mut parent) = (self.line.token.id, self.line.token.parent);
        while let Some(of) = parent {
            if tokens::count_descendants(c, id, self.now)? >= i64::from(MAX_TOKENS_OF_A_TOKEN) {
                let rule = format!(
                    "that come from one token are limited to {MAX_TOKENS_OF_A_TOKEN}, and there are that many: revoke one"
                );
                return Err(Error::field("Tokens", rule));
            }
            (id, parent) = (of, tokens::parent(c, of)?);
        }
        Ok(())
    }

    /// When something that is created with this token ends: at the requested time or, without one, after `life`, but
    /// never later than this token.
    pub(super) fn child_end(&self, asked: Option<AskedTime>, life: SignedDuration) -> Result<Timestamp> {
        match asked {
            None => Ok(self.now.checked_add(life).map_err(Error::internal)?.min(self.line.until)),
            Some(time) => within("expiresAt", time.within_a_year(self.now)?, self.line.until),
        }
    }

    /// When a token that is created with this one ends, and until when it may be rotated: never later than this one.
    fn child_times(
        &self,
        (expires_at, rotate_until): (Option<AskedTime>, Option<AskedTime>),
    ) -> Result<(Timestamp, Option<Timestamp>)> {
        if self.line.depth >= i64::from(MAX_TOKEN_DEPTH) {
            let rule = format!(
                "can descend from each other at most {MAX_TOKEN_DEPTH} times: create this one with an earlier token"
            );
            return Err(Error::field("Tokens", rule));
        }
        let rotated = self.line.token.rotate_until.unwrap_or(self.line.token.expires_at);
        let expires_at = self.child_end(expires_at, LIFE)?;
        let rotate_until = rotate_until
            .map(|time| within("rotateUntil", time.within_a_year(self.now)?.max(expires_at), rotated));
        Ok((expires_at, rotate_until.transpose()?))
    }
}

/// Refuses a caller whose token has ended since they were admitted. Work that a caller waited for (the hashing of a
/// password, which has a queue) calls this before it writes anything.
pub(super) fn check_still_valid(c: &Conn, caller: &Caller, now: Timestamp) -> Result<()> {
    caller.token.map_or(Ok(()), |id| valid_line(c, id, now).map(drop))
}

fn valid_line(c: &Conn, id: TokenId, now: Timestamp) -> Result<Line> {
    let line = tokens::line(c, id)?.ok_or(Error::InvalidToken)?;
    if line.until == Timestamp::UNIX_EPOCH {
        return Err(Error::RevokedToken);
    }
    if now >= line.until { Err(Error::ExpiredToken) } else { Ok(line) }
}

/// Checks that a time is not later than the requesting token allows.
pub(super) fn within(field: &'static str, time: Timestamp, latest: Timestamp) -> Result<Timestamp> {
    // Times are kept in milliseconds.
    if time.as_millisecond() <= latest.as_millisecond() {
        return Ok(time);
    }
    Err(Error::field(
        field,
        format!(
            "must be {} at the latest, which is as long as the token that you use allows",
            wire_time(latest)
        ),
    ))
}

/// Inserts a token.
pub(super) fn insert(c: &Conn, row: &tokens::NewToken) -> Result<CreatedToken> {
    tokens::insert(c, row)?;
    let record = Token {
        id: row.id,
        name: row.name.clone(),
        scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
        folder_id: row.folder,
        created_at: wire_time(row.created_at),
        expires_at: wire_time(row.expires_at),
        revoked_at: None,
        parent_id: row.parent,
        rotate_until: wire_time(row.rotate_until.unwrap_or(row.expires_at)),
        successor_id: None,
    };
    // The answer that is stored for a repeat has no secret.
    Ok(CreatedToken { record, token: None })
}

impl Made<CreatedToken> {
    /// Adds the secret, unless this is a repeat.
    pub(super) fn map_secret(mut self, secret: &AccessToken) -> Self {
        self.answer.token = (!self.is_repeat).then(|| secret.reveal().to_owned());
        self
    }
}

fn to_wire(row: TokenRow) -> Token {
    Token {
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        folder_id: row.folder,
        created_at: wire_time(row.created_at),
        expires_at: wire_time(row.expires_at),
        revoked_at: row.revoked_at.map(wire_time),
        parent_id: row.parent,
        rotate_until: wire_time(row.rotate_until.unwrap_or(row.expires_at)),
        successor_id: row.successor,
    }
}

fn read_scopes(listed: &[String]) -> Result<String> {
    let mut scopes: Vec<&str> = Vec::new();
    for (at, text) in listed.iter().enumerate() {
        let scope = Scope::parse(text).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            Error::field(format!("scopes[{at}]"), format!("must be one of {known}"))
        })?;
        if !scopes.contains(&scope.as_str()) {
            scopes.push(scope.as_str());
        }
    }
    if scopes.is_empty() {
        Err(Error::field("scopes", "must list at least one scope"))
    } else {
        Ok(scopes.join(" "))
    }
}
