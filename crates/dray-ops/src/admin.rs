//! Users, tokens and quotas. These functions work on the database itself, whether the server is running or not.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use dray_api::limits::MAX_NAME_CHARS;
use dray_api::text::{direction_control, shows_nothing};
use dray_api::{TokenId, UserId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};

use dray_db::made_with::MadeWith;
use dray_db::tokens::{NewToken, TokenRow};
use dray_db::users::{self, UserRow};
use dray_db::{Db, made_with, tokens, usage};
use dray_drive as drive;
use dray_drive::access::Scope;
use dray_drive::line::check_line;
use dray_drive::settings::{DatabaseUrl, SettingError};
use dray_drive::token::AccessToken;
use dray_server::{Error, data_folder, random};

/// The longest life of a token: a year.
pub const MAX_TOKEN_LIFE: Duration = Duration::from_hours(8760);
/// Life of the token that the first start prints.
const FIRST_TOKEN_LIFE: Duration = Duration::from_hours(2160);
/// Connections to Postgres. The commands do one thing at a time.
const CONNECTIONS: usize = 2;
/// Address of the user that the first start makes.
pub const OWNER_EMAIL: &str = "owner@localhost";

/// What ends together with a token that an operator revokes, besides the tokens that it created or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlsoEnds {
    /// The tokens that have replaced it, with the tokens that they created.
    pub replacements: bool,
    /// The public links and file requests that all these tokens have made.
    pub links_and_requests: bool,
}

/// An open database.
pub struct Admin {
    pub(crate) db: Db,
    /// The lock on the data folder, if no server may use it meanwhile.
    _alone: Option<File>,
}

/// A token that was just created. Its secret is stored nowhere else.
#[derive(Debug)]
pub struct CreatedToken {
    /// Id of its record.
    pub id: TokenId,
    /// The secret.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Admin {
    /// Opens Postgres if `database_url` is given; otherwise opens the database in a data folder. It creates what does not exist.
    pub async fn open(data: &Path, database_url: Option<&DatabaseUrl>) -> Result<Self, Error> {
        if database_url.is_none() {
            data_folder::make(data)?;
        }
        Self::open_with(data, database_url, None).await
    }

    /// Like [`Admin::open`], for work that no server may see half done. If the database is the file in the folder, it fails
    /// while a server or another such command uses it, and no server can start before this is closed. Of the servers on a
    /// Postgres it knows nothing.
    pub async fn open_alone(data: &Path, database_url: Option<&DatabaseUrl>) -> Result<Self, Error> {
        if database_url.is_some() {
            return Self::open(data, database_url).await;
        }
        data_folder::make(data)?;
        // Before the database is opened, because that updates its tables.
        let alone = data_folder::lock(data)?;
        Self::open_with(data, None, Some(alone)).await
    }

    async fn open_with(
        data: &Path,
        database_url: Option<&DatabaseUrl>,
        alone: Option<File>,
    ) -> Result<Self, Error> {
        Ok(Self { db: data_folder::open_database(data, database_url, CONNECTIONS).await?, _alone: alone })
    }

    /// At the first start, creates the workspace `default`, its owner, and a token. It returns the token only this once.
    pub async fn bootstrap(&self, now: Timestamp) -> Result<Option<String>, Error> {
        let owner = new_user(OWNER_EMAIL, Some("Owner"), "owner", now)?;
        let workspace = random::id(now, WorkspaceId::new)?;
        let token = AccessToken::generate(random::bytes)?;
        let row = new_token(
            &token,
            owner.id,
            workspace,
            &[Scope::AccessDrive.as_str().into()],
            FIRST_TOKEN_LIFE,
            None,
            now,
        )?;
        let made = self.db.write(move |c| {
            users::lock_first_start(c)?;
            if users::default_workspace(c)?.is_some() {
                return Ok(false);
            }
            users::insert_default_workspace(c, workspace, now)?;
            users::insert_user(c, workspace, &owner)?;
            tokens::insert(c, &row)?;
            Ok(true)
        });
        Ok(made.await?.then(|| token.reveal().to_owned()))
    }

    /// Creates a token for the user with this address. Rotation cannot extend its life.
    pub async fn create_token(
        &self,
        email: &str,
        scopes: &[String],
        expires_in: Duration,
        now: Timestamp,
    ) -> Result<CreatedToken, Error> {
        self.create_rotated_token(email, scopes, expires_in, None, now).await
    }

    /// Like [`Admin::create_token`]. All tokens that replace it by rotation expire within `rotate_for`, counted from now.
    pub async fn create_rotated_token(
        &self,
        email: &str,
        scopes: &[String],
        expires_in: Duration,
        rotate_for: Option<Duration>,
        now: Timestamp,
    ) -> Result<CreatedToken, Error> {
        check_life("--expires-in", expires_in)?;
        rotate_for.map_or(Ok(()), |time| check_life("--rotate-for", time))?;
        if let Some(unknown) = scopes.iter().find(|scope| Scope::parse(scope).is_none()) {
            return Err(SettingError {
                setting: "--scope",
                rule: format!(
                    "{unknown:?} is unknown; there are {}",
                    Scope::ALL.map(Scope::as_str).join(", ")
                ),
            }
            .into());
        }
        let (email, scopes) = (email.to_lowercase(), scopes.to_vec());
        let token = AccessToken::generate(random::bytes)?;
        let secret = token.clone();
        let row = self.db.write(move |c| {
            let Some((user, workspace)) = users::user_by_email(c, &email)? else {
                return Ok(Err(email.clone()));
            };
            let row = new_token(&secret, user, workspace, &scopes, expires_in, rotate_for, now)?;
            tokens::insert(c, &row)?;
            Ok(Ok((row.id, row.expires_at)))
        });
        let (id, expires_at) = row.await?.map_err(|email| {
            Error::NotThere(format!("--user: {email:?} is unknown: see `dray user list`, or `dray user add`"))
        })?;
        Ok(CreatedToken { id, token: token.reveal().to_owned(), expires_at })
    }

    /// Every token's record, oldest first.
    pub async fn list_tokens(&self) -> Result<Vec<TokenRow>, Error> {
        Ok(self.db.read_long(|c| Ok(tokens::all(c)?)).await?)
    }

    /// What each token has made that still works. Tokens that have made nothing are left out.
    pub async fn made_with_tokens(&self, now: Timestamp) -> Result<BTreeMap<TokenId, MadeWith>, Error> {
        Ok(self.db.read_long(move |c| Ok(made_with::of_all(c, now)?)).await?)
    }

    /// Revokes a token from now on; `false` if there is none with this id.
    pub async fn revoke_token(&self, id: TokenId, now: Timestamp) -> Result<bool, Error> {
        Ok(self.revoke_token_and(id, AlsoEnds::default(), now).await?.is_some())
    }

    /// Like [`Admin::revoke_token`]. Returns what the token, and the tokens that end with it, have made that still worked.
    pub async fn revoke_token_and(
        &self,
        id: TokenId,
        also: AlsoEnds,
        now: Timestamp,
    ) -> Result<Option<MadeWith>, Error> {
        let revoked = self.db.write(move |c| {
            // Nobody rotates the token meanwhile.
            tokens::lock_of_token(c, id)?;
            let id = if also.replacements { tokens::newest(c, id)? } else { id };
            if !tokens::revoke(c, id, now)? {
                return Ok(None);
            }
            let made = made_with::of(c, id, now)?;
            if also.links_and_requests {
                made_with::end(c, id, now)?;
            }
            Ok(Some(made))
        });
        Ok(revoked.await?)
    }

    /// The valid tokens that have replaced this one. Revoking it does not end them.
    pub async fn replacements_of_token(&self, id: TokenId, now: Timestamp) -> Result<Vec<TokenId>, Error> {
        Ok(self.db.read(move |c| Ok(tokens::replacements(c, id, now)?)).await?)
    }

    /// Adds a user to workspace `default`.
    pub async fn add_user(&self, email: &str, name: Option<&str>, now: Timestamp) -> Result<UserId, Error> {
        let user = new_user(email, name, "member", now)?;
        let (id, email) = (user.id, user.email.clone());
        let is_new = self
            .db
            .write(move |c| {
                let Some(workspace) = users::default_workspace(c)? else {
                    return Err(drive::Error::field(
                        "--data",
                        "has no drive yet: start it once with `dray serve`",
                    ));
                };
                Ok(users::insert_user(c, workspace, &user)?)
            })
            .await?;
        if is_new { Ok(id) } else { Err(Error::ThereAlready(format!("EMAIL: {email:?} is a user already"))) }
    }

    /// Sets how much the user with this address may own (`None` means all users together). A quota of `None` means that
    /// only the disk limits them.
    pub async fn set_quota(&self, email: Option<&str>, quota_bytes: Option<u64>) -> Result<(), Error> {
        let quota = quota_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let email = email.map(str::to_lowercase);
        let set = self.db.write(move |c| {
            let Some(email) = &email else {
                let workspace = users::default_workspace(c)?.ok_or(drive::Error::NotFound)?;
                usage::set_quota(c, workspace, None, quota)?;
                return Ok(Ok(()));
            };
            let Some((user, workspace)) = users::user_by_email(c, email)? else {
                return Ok(Err(format!("EMAIL: {email:?} is unknown: see `dray user list`")));
            };
            usage::set_quota(c, workspace, Some(user), quota)?;
            Ok(Ok(()))
        });
        set.await?.map_err(Error::NotThere)
    }

    /// Every user, oldest first.
    pub async fn list_users(&self) -> Result<Vec<UserRow>, Error> {
        Ok(self.db.read_long(|c| Ok(users::list_users(c)?)).await?)
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }
}

fn check_life(setting: &'static str, life: Duration) -> Result<(), SettingError> {
    if !life.is_zero() && life <= MAX_TOKEN_LIFE {
        return Ok(());
    }
    Err(SettingError { setting, rule: "must be more than 0 and at most 365d".into() })
}

/// The name of a token that an operator creates.
const NAME: &str = "command line";

fn new_user(email: &str, name: Option<&str>, role: &str, now: Timestamp) -> Result<UserRow, Error> {
    let is_address = email.len() <= 254
        && !email.contains(|c: char| shows_nothing(c) || direction_control(c).is_some())
        && email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !is_address {
        return Err(SettingError {
            setting: "EMAIL",
            rule: "must be an address such as alice@example.com".into(),
        }
        .into());
    }
    name.map_or(Ok(()), |name| check_line("--name", name, MAX_NAME_CHARS))?;
    let email = email.to_lowercase();
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default()).to_owned();
    Ok(UserRow { id: random::id(now, UserId::new)?, email, name, role: role.to_owned(), created_at: now })
}

fn new_token(
    token: &AccessToken,
    user: UserId,
    workspace: WorkspaceId,
    scopes: &[String],
    life: Duration,
    rotate_for: Option<Duration>,
    now: Timestamp,
) -> drive::Result<NewToken> {
    let after = |time: Duration| {
        let time = SignedDuration::try_from(time).map_err(drive::Error::internal)?;
        now.checked_add(time).map_err(drive::Error::internal)
    };
    Ok(NewToken {
        id: random::id(now, TokenId::new)?,
        hash: token.hash(),
        workspace,
        user,
        name: NAME.to_owned(),
        scopes: scopes.join(" "),
        folder: None,
        created_at: now,
        expires_at: after(life)?,
        parent: None,
        rotate_until: rotate_for.map(|time| after(time.max(life))).transpose()?,
    })
}
