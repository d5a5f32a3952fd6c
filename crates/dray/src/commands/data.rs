//! Commands that work on a server's data, whether the server is running or not.

use dray_api::TokenId;
use dray_ops::{Admin, AlsoEnds, MadeWith};
use dray_server::{DatabaseUrl, database_file, store_folder};
use jiff::SignedDuration;
use serde_json::json;

use super::files::connect;
use crate::args::{CreateToken, Data, Quota, RotateToken, TokenCommand, UserCommand, WorkspaceCommand};
use crate::clock;
use crate::exit::{Exit, NotFound};
use crate::output::Output;

/// Opens the database of an existing drive. It creates nothing, so a mistyped folder stays as it is.
pub(super) async fn open(data: &Data) -> anyhow::Result<Admin> {
    let database_url = existing(data)?;
    Ok(Admin::open(&data.data, database_url.as_ref()).await?)
}

/// The same, and no server may use the data folder meanwhile.
pub(super) async fn open_alone(data: &Data) -> anyhow::Result<Admin> {
    let database_url = existing(data)?;
    Ok(Admin::open_alone(&data.data, database_url.as_ref()).await?)
}

/// The address of Postgres; without one, there must be a database in the folder.
fn existing(data: &Data) -> Result<Option<DatabaseUrl>, NotFound> {
    let database_url = data.database_url();
    if database_url.is_none() {
        check_folder(data)?;
    }
    Ok(database_url)
}

/// Refuses a folder without the database of a drive.
fn check_folder(data: &Data) -> Result<(), NotFound> {
    if database_file(&data.data).is_file() { Ok(()) } else { Err(no_drive(data)) }
}

/// Refuses a folder that has neither the database of a drive nor a store, as the folder of a drive on Postgres has.
pub(super) fn check_folder_or_store(data: &Data) -> Result<(), NotFound> {
    if store_folder(&data.data).is_dir() { Ok(()) } else { check_folder(data) }
}

/// There is no drive in the folder.
fn no_drive(data: &Data) -> NotFound {
    let folder = data.data.display();
    NotFound(format!(
        "there is no drive in {folder}: name its folder with --data (or its Postgres with --database-url), or start one with `dray serve`"
    ))
}

pub(super) async fn token(command: TokenCommand) -> anyhow::Result<Exit> {
    match command {
        TokenCommand::Create(args) => create_token(args).await?,
        TokenCommand::Rotate(args) => rotate_token(args).await?,
        TokenCommand::List { data } => list_tokens(&data).await?,
        TokenCommand::Revoke { id, with_replacements, with_links_and_requests, data } => {
            let also =
                AlsoEnds { replacements: with_replacements, links_and_requests: with_links_and_requests };
            revoke_token(id, also, &data).await?;
        }
    }
    Ok(Exit::Ok)
}

async fn list_tokens(data: &Data) -> anyhow::Result<()> {
    let admin = open(data).await?;
    let (rows, now) = (admin.list_tokens().await?, clock::now());
    let made_with = admin.made_with_tokens(now).await?;
    admin.close().await;
    let output = Output::new(data.json);
    for row in rows {
        let made = made_with.get(&row.id).copied().unwrap_or_default();
        let state = match row.revoked_at {
            _ if row.successor.is_some() && row.revoked_at.is_none() && row.expires_at > now => {
                format!("rotated, until {:.0}", row.expires_at)
            }
            Some(at) => format!("revoked {at:.0}"),
            None if row.expires_at <= now => format!("expired {:.0}", row.expires_at),
            None => format!("expires {:.0}", row.expires_at),
        };
        let made_text =
            if made == MadeWith::default() { String::new() } else { format!("  {}", counted(made)) };
        let text = format!("{}  {state:<28}  {}  {}{made_text}", row.id, row.email, row.scopes.join(","));
        let value = json!({
            "id": row.id, "email": row.email, "scopes": row.scopes,
            "createdAt": row.created_at, "expiresAt": row.expires_at, "revokedAt": row.revoked_at,
            "parentId": row.parent, "rotateUntil": row.rotate_until.unwrap_or(row.expires_at),
            "successorId": row.successor, "links": made.links, "requests": made.requests,
        });
        output.result(&text, &value)?;
    }
    Ok(())
}

async fn revoke_token(id: TokenId, also: AlsoEnds, data: &Data) -> anyhow::Result<()> {
    let admin = open(data).await?;
    let revoked = admin.revoke_token_and(id, also, clock::now()).await?;
    let replacements = admin.replacements_of_token(id, clock::now()).await?;
    admin.close().await;
    let Some(made) = revoked else {
        return Err(NotFound(format!("there is no token {id}: see `dray token list`")).into());
    };
    let first = match (made == MadeWith::default(), also.links_and_requests) {
        (true, _) => format!("{id} is revoked"),
        (false, true) => format!("{id} is revoked, and what it has made is over: {}", counted(made)),
        (false, false) => format!(
            "{id} is revoked. What it has made still works: {}. To end that too, repeat this with {}--with-links-and-requests",
            counted(made),
            if also.replacements { "--with-replacements " } else { "" }
        ),
    };
    let of_replacement = |other: &TokenId| {
        format!(
            "It was replaced by {other}, which still works. To end that too, repeat this with --with-replacements"
        )
    };
    let lines: Vec<String> = std::iter::once(first).chain(replacements.iter().map(of_replacement)).collect();
    let value = json!({
        "id": id, "revoked": true, "links": made.links, "requests": made.requests, "linksAndRequestsEnded": also.links_and_requests,
        "replacements": replacements,
    });
    Output::new(data.json).results(&lines, &value)?;
    Ok(())
}

/// What tokens have made, for people.
fn counted(made: MadeWith) -> String {
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    [(made.links, "public link"), (made.requests, "file request")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| plural(count, what))
        .collect::<Vec<_>>()
        .join(", ")
}

async fn create_token(args: CreateToken) -> anyhow::Result<()> {
    let admin = open(&args.data).await?;
    let (life, rotate_for) = (args.expires_in, args.rotate_for);
    let made = admin.create_rotated_token(&args.user, &args.scopes, life, rotate_for, clock::now()).await?;
    admin.close().await;
    let value = json!({ "id": made.id, "token": made.token, "expiresAt": made.expires_at });
    Output::new(args.data.json).result(&made.token, &value)?;
    Ok(())
}

async fn rotate_token(args: RotateToken) -> anyhow::Result<()> {
    let life = args.expires_in.map(SignedDuration::try_from).transpose()?;
    let expires_at =
        life.map(|life| clock::now().checked_add(life)).transpose()?.map(|time| time.to_string());
    let request = dray_api::RotateToken { expires_at, end_old_now: args.end_old_now };
    let made = connect(&args.connection)?.rotate_token(&request).await?;
    let Some(token) = &made.token else {
        let id = made.record.id;
        anyhow::bail!(
            "the server created token {id}, but its answer with the token was lost, and a token is shown only once: revoke this one, and create another"
        );
    };
    Output::new(args.connection.json).result(token, &made)?;
    Ok(())
}

pub(super) async fn user(command: UserCommand) -> anyhow::Result<Exit> {
    match command {
        UserCommand::Add { email, name, data } => {
            let admin = open(&data).await?;
            let id = admin.add_user(&email, name.as_deref(), clock::now()).await?;
            admin.close().await;
            Output::new(data.json).result(&format!("{id}  {email}"), &json!({ "id": id, "email": email }))?;
        }
        UserCommand::Quota { email, quota, data } => set_quota(Some(&email), quota, &data).await?,
        UserCommand::List { data } => {
            let admin = open(&data).await?;
            let rows = admin.list_users().await?;
            admin.close().await;
            let output = Output::new(data.json);
            for row in rows {
                let text = format!("{}  {}  {}  {}", row.id, row.email, row.role, row.name);
                let value = json!({
                    "id": row.id, "email": row.email, "name": row.name, "role": row.role,
                    "createdAt": row.created_at,
                });
                output.result(&text, &value)?;
            }
        }
    }
    Ok(Exit::Ok)
}

pub(super) async fn workspace(command: WorkspaceCommand) -> anyhow::Result<Exit> {
    let WorkspaceCommand::Quota { quota, data } = command;
    set_quota(None, quota, &data).await?;
    Ok(Exit::Ok)
}

async fn set_quota(email: Option<&str>, Quota(quota_bytes): Quota, data: &Data) -> anyhow::Result<()> {
    let admin = open(data).await?;
    admin.set_quota(email, quota_bytes).await?;
    admin.close().await;
    let shown = quota_bytes.map_or("no quota".to_owned(), |bytes| format!("{bytes} bytes"));
    let value = json!({ "email": email, "quotaBytes": quota_bytes });
    Output::new(data.json).result(&format!("{}  {shown}", email.unwrap_or("all users together")), &value)?;
    Ok(())
}
