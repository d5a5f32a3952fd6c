//! Commands that give others access: participants and public links.

use dray_api::{Link, NewLink, Role, UserId};
use dray_client::Client;
use jiff::SignedDuration;
use serde_json::json;

use super::files::connect;
use crate::args::{CreateLink, GivenRole, LinkCommand, ShareCommand, either};
use crate::clock;
use crate::exit::{Exit, NotFound, Usage};
use crate::output::Output;

/// How many members to ask for. A workspace has no more.
const MEMBERS: u32 = 500;

pub(super) async fn share(command: ShareCommand) -> anyhow::Result<Exit> {
    match command {
        ShareCommand::List { id, connection } => {
            let all = connect(&connection)?.participants(id).await?;
            let output = Output::new(connection.json);
            for one in &all.participants {
                let from = one.inherited_from.map_or_else(String::new, |id| format!("  from {id}"));
                let text =
                    format!("{}  {:<6}  {}  {}{from}", one.user_id, role_name(one.role), one.email, one.name);
                output.result(&text, one)?;
            }
        }
        ShareCommand::Add { id, email, role, connection } => {
            let client = connect(&connection)?;
            let role = match role {
                GivenRole::Viewer => Role::Viewer,
                GivenRole::Member => Role::Member,
                GivenRole::Admin => Role::Admin,
            };
            let one = client.put_participant(id, user(&client, &email).await?, role).await?;
            let text = format!("{}  {}  {}", one.user_id, role_name(one.role), one.email);
            Output::new(connection.json).result(&text, &one)?;
        }
        ShareCommand::Remove { id, email, connection } => {
            let client = connect(&connection)?;
            let user = user(&client, &email).await?;
            client.remove_participant(id, user).await?;
            let text = format!("{email} no longer has a role on {id} itself");
            Output::new(connection.json).result(&text, &json!({ "id": id, "userId": user }))?;
        }
    }
    Ok(Exit::Ok)
}

/// The user with an address.
async fn user(client: &Client, email: &str) -> anyhow::Result<UserId> {
    let email = email.to_lowercase();
    let found = client.members(&email, MEMBERS, 0).await?.members;
    let user = found.into_iter().find(|member| member.email == email).map(|member| member.id);
    user.ok_or_else(|| NotFound(format!("there is no user {email} in the workspace")).into())
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}

pub(super) async fn link(command: LinkCommand) -> anyhow::Result<Exit> {
    match command {
        LinkCommand::Create(args) => create_link(args).await?,
        LinkCommand::List { id, connection } => {
            let all = connect(&connection)?.links(id).await?;
            let output = Output::new(connection.json);
            for link in &all.links {
                output.result(&describe(link), link)?;
            }
        }
        LinkCommand::Revoke { id, link, connection } => {
            connect(&connection)?.revoke_link(id, link).await?;
            Output::new(connection.json).result(&format!("{link} is revoked"), &json!({ "id": link }))?;
        }
    }
    Ok(Exit::Ok)
}

async fn create_link(args: CreateLink) -> anyhow::Result<()> {
    let life = args.expires_in.map(SignedDuration::try_from).transpose();
    let end = life.ok().flatten().map(|life| clock::now().checked_add(life)).transpose();
    let end = end.map_err(|_| Usage("--expires-in is too long"))?;
    let password = either(args.password.as_ref(), args.password_file.as_ref());
    let new = NewLink { expires_at: end.map(|end| end.to_string()), password };
    let link = connect(&args.connection)?.create_link(args.id, &new).await?;
    Output::new(args.connection.json).result(&link.url, &link)?;
    Ok(())
}

fn describe(link: &Link) -> String {
    let end = link.expires_at.as_deref().map_or_else(String::new, |end| format!("  until {end}"));
    let password = if link.has_password { "  with a password" } else { "" };
    format!("{}  {}  {} downloads{password}{end}", link.id, link.url, link.downloads)
}
