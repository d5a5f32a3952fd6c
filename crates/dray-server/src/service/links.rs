//! Public links: created and revoked by the file's admins, followed by anyone.

use std::net::IpAddr;

use dray_api::limits::{MAX_LINKS, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};
use dray_api::{ItemId, LinkId, NewLink};
use dray_s3::Endpoint;
use jiff::Timestamp;

use super::asked_time::AskedTime;
use super::passwords::{Guarded, Guess};
use super::tokens::check_still_valid;
use super::{Made, Once, Service, seen};
use crate::db::{Conn, items, links, users};
use crate::drive::access::{Caller, Role};
use crate::drive::item::Item;
use crate::drive::link::{Link, is_slug};
use crate::drive::{Error, Result};
use crate::objects::Reading;
use crate::random;

/// The longest life of the address that a link leads to, if signed GETs live that long. Following the link again
/// makes another address.
const FOLLOWED_TTL_SECS: u32 = 15 * 60;

impl Service {
    /// Makes a public link to a file, below the server's address `public_url`.
    pub(crate) async fn create_link(
        &self,
        caller: &Caller,
        item: ItemId,
        request: NewLink,
        public_url: String,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<dray_api::Link>> {
        let expires_at = AskedTime::parse("expiresAt", request.expires_at.as_deref())?;
        if let Some(password) = &request.password {
            check_password(password)?;
        }
        let caller = *caller;
        // The key and the caller's right are checked before the costly hashing, and again after it.
        let first = once.clone();
        let before = self.db.read(move |c| match first.answered(c, &caller, now)? {
            Some(made) => Ok(Some(Made::before(made))),
            None => managed_file(c, &caller, item).map(|()| None),
        });
        if let Some(made) = before.await? {
            return Ok(made);
        }
        let password_hash = match request.password {
            Some(password) => Some(self.hash_in_turn(&caller, password).await?),
            None => None,
        };
        let link = Link {
            id: random::id(now, LinkId::new)?,
            item,
            slug: random::text()?,
            password_hash,
            created_by: caller.user,
            confined_to: caller.folder,
            made_with: caller.token,
            created_at: now,
            expires_at: None,
            downloads: 0,
        };
        let after_hashing = self.clock.now();
        self.db
            .write(move |c| {
                check_still_valid(c, &caller, after_hashing)?;
                once.make(c, &caller, now, || {
                    managed_file(c, &caller, item)?;
                    if links::count(c, item)? >= i64::from(MAX_LINKS) {
                        let rule =
                            format!("has {MAX_LINKS} links already, which is the limit: revoke one of them");
                        return Err(Error::field("The file", rule));
                    }
                    let expires_at = expires_at.map(|time| time.ahead(now)).transpose()?;
                    let link = Link { expires_at, ..link.clone() };
                    links::insert(c, &link)?;
                    Ok(link.to_wire(&public_url))
                })
            })
            .await
    }

    /// The links of a file.
    pub(crate) async fn list_links(&self, caller: &Caller, item: ItemId) -> Result<Vec<Link>> {
        let caller = *caller;
        self.read_in_turn(&caller, move |c| {
            managed_file(c, &caller, item)?;
            Ok(links::of_item(c, item)?)
        })
        .await
    }

    /// Revokes a link.
    pub(crate) async fn revoke_link(&self, caller: &Caller, item: ItemId, link: LinkId) -> Result<()> {
        let caller = *caller;
        self.db
            .write(move |c| {
                managed_file(c, &caller, item)?;
                if links::remove(c, item, link)? { Ok(()) } else { Err(Error::LinkNotFound) }
            })
            .await
    }

    /// Where a link leads: to a signed GET of its file, which counts as a download, or to a signed HEAD, which does
    /// not. Both expire soon. `client` is the network address for which wrong passwords are counted.
    pub(crate) async fn follow_link(
        &self,
        slug: &str,
        password: Option<String>,
        client: IpAddr,
        endpoint: &Endpoint,
        reading: Reading,
    ) -> Result<String> {
        if !is_slug(slug) {
            return Err(Error::LinkNotFound);
        }
        let (mut link, mut item) = self.linked(slug).await?;
        if let Some(hash) = link.password_hash {
            let password = password.filter(|password| password.chars().count() <= MAX_PASSWORD_CHARS);
            let password = password.ok_or(Error::LinkPassword)?;
            let guess = Guess { of: Guarded::Link(link.id), client };
            if !self.passwords.check(guess, password, hash).await? {
                return Err(Error::LinkPassword);
            }
            // The check has a queue, and the link may have been revoked in the meantime.
            (link, item) = self.linked(slug).await?;
        }
        let ttl_secs = FOLLOWED_TTL_SECS.min(self.download_ttl_secs);
        let url = self.presign_download(reading, &item, endpoint, ttl_secs).await?;
        if reading == Reading::Get {
            // If the count cannot be written, the download goes on: a full disk, for example, must not stop readers.
            if let Err(err) = self.db.write(move |c| Ok(links::add_download(c, link.id)?)).await {
                tracing::warn!(link = %link.id, %err, "a download through a link could not be counted");
            }
        }
        Ok(url)
    }

    async fn linked(&self, slug: &str) -> Result<(Link, Item)> {
        let (slug, now) = (slug.to_owned(), self.clock.now());
        self.db.read(move |c| linked(c, &slug, now)).await
    }
}

fn managed_file(c: &Conn, caller: &Caller, id: ItemId) -> Result<()> {
    let file = seen(c, caller, id)?;
    if file.item.is_folder() {
        return Err(Error::NotAFile);
    }
    file.require(Role::Admin)
}

/// A valid link, and its file. The link depends on the rights of the user who made it: it leads nowhere once that user
/// could no longer make it (with a token confined to the same folder, if the token that made it was confined to one), or
/// once the file is in the trash.
fn linked(c: &Conn, slug: &str, now: Timestamp) -> Result<(Link, Item)> {
    let link = links::by_slug(c, slug)?.filter(|link| !link.is_over(now)).ok_or(Error::LinkNotFound)?;
    let workspace = items::by_id(c, link.item)?.ok_or(Error::LinkNotFound)?.workspace;
    users::member(c, workspace, link.created_by)?.ok_or(Error::LinkNotFound)?;
    let maker = Caller::for_user(link.created_by, workspace).within(link.confined_to);
    let seen = items::seen(c, &maker, link.item)?.filter(|seen| seen.role >= Role::Admin);
    Ok((link, seen.ok_or(Error::LinkNotFound)?.item))
}

pub(super) fn check_password(password: &str) -> Result<()> {
    let is_fine = (MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&password.chars().count());
    let rule = || format!("must be {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
    if is_fine { Ok(()) } else { Err(Error::field("password", rule())) }
}
