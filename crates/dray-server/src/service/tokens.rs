//! A user's own access tokens.

use dray_api::limits::{MAX_TOKEN_NAME_CHARS, MAX_TOKENS};
use dray_api::{CreatedToken, NewToken, Token, TokenId, Tokens};
use jiff::{SignedDuration, Timestamp};

use super::links::later_time;
use super::{Service, folder};
use crate::db::tokens::{self, TokenRow};
use crate::drive::access::{Caller, Scope};
use crate::drive::token::AccessToken;
use crate::drive::{Error, Result, wire_time};
use crate::random;

/// Life of a token that is asked for without an end.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Longest life of a token: a year.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

impl Service {
    /// Makes a token for the caller, which can do no more than they can.
    pub(crate) async fn create_token(
        &self,
        caller: &Caller,
        request: NewToken,
        now: Timestamp,
    ) -> Result<CreatedToken> {
        caller.require_whole_drive()?;
        check_name(&request.name)?;
        let scopes = read_scopes(&request.scopes)?;
        let expires_at = read_expiry(request.expires_at.as_deref(), now)?;
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
            expires_at,
        };
        let caller = *caller;
        let row = self.db.write(move |c| {
            if let Some(id) = row.folder {
                folder(c, &caller, id)?;
            }
            if tokens::count_good(c, &caller, now)? >= i64::from(MAX_TOKENS) {
                let rule = format!("of yours are {MAX_TOKENS} already, which is the limit: revoke one");
                return Err(Error::field("Tokens", rule));
            }
            tokens::insert(c, &row)?;
            Ok(row.clone())
        });
        let row = row.await?;
        let record = Token {
            id: row.id,
            name: row.name,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            folder_id: row.folder,
            created_at: wire_time(row.created_at),
            expires_at: wire_time(row.expires_at),
            revoked_at: None,
        };
        Ok(CreatedToken { record, token: secret.reveal().to_owned() })
    }

    /// The caller's tokens.
    pub(crate) async fn list_tokens(&self, caller: &Caller) -> Result<Tokens> {
        caller.require_whole_drive()?;
        let caller = *caller;
        let rows = self.db.read_long(move |c| Ok(tokens::of_user(c, &caller)?)).await?;
        Ok(Tokens { tokens: rows.into_iter().map(to_wire).collect() })
    }

    /// Revokes a token of the caller's, from now on.
    pub(crate) async fn revoke_token(&self, caller: &Caller, id: TokenId, now: Timestamp) -> Result<()> {
        caller.require_whole_drive()?;
        let caller = *caller;
        let revoked = self.db.write(move |c| Ok(tokens::revoke_own(c, &caller, id, now)?)).await?;
        if revoked { Ok(()) } else { Err(Error::TokenNotFound) }
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
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_fine = !name.trim().is_empty()
        && name.chars().count() <= MAX_TOKEN_NAME_CHARS
        && !name.chars().any(char::is_control);
    let rule = || format!("must be 1 to {MAX_TOKEN_NAME_CHARS} characters, and no control characters");
    if is_fine { Ok(()) } else { Err(Error::field("name", rule())) }
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

fn read_expiry(text: Option<&str>, now: Timestamp) -> Result<Timestamp> {
    let Some(text) = text else { return now.checked_add(LIFE).map_err(Error::internal) };
    let time = later_time(text, now)?;
    if time.duration_since(now) > LONGEST_LIFE {
        return Err(Error::field("expiresAt", "must be at most a year from now"));
    }
    Ok(time)
}
