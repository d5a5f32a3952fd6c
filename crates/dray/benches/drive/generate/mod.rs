//! Fills a database with a drive of any size, for the measurements of `latency`. The same seed makes the same drive.

mod names;
mod shape;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use dray_api::{ItemId, Role, UserId};
use dray_ops::{Admin, OWNER_EMAIL};
use dray_server::DatabaseUrl;
use jiff::Timestamp;
use serde_json::{Value, json};

use names::Names;
use shape::{Owners, Plan};

/// How many items one transaction adds.
const BATCH: usize = 5000;
/// How many files are shared one by one.
const SHARED_FILES: usize = 200;
/// How many ids of files of `main` are printed.
const SAMPLE: usize = 500;
const LIFE: Duration = Duration::from_hours(24 * 30);

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The data folder of the server to be, with its SQLite database
    #[arg(long)]
    data: PathBuf,
    /// A database of Postgres in place of that
    #[arg(long)]
    database_url: Option<String>,
    /// Items, at least 10,000
    #[arg(long, value_parser = clap::value_parser!(u32).range(10_000..))]
    items: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Generate {
    pub(crate) async fn run(&self) -> anyhow::Result<Value> {
        #[expect(clippy::disallowed_methods, reason = "tokens are good from now on")]
        let now = Timestamp::now();
        let url = self.database_url.as_deref().map(DatabaseUrl::new);
        let admin = Admin::open(&self.data, url.as_ref()).await?;
        admin.bootstrap(now).await?.context("there is a drive already")?;
        let users = users(&admin, now).await?;
        let owners = Owners { main: users["main"], other: users["other"], small: users["small"] };
        let (plan, landmarks) = Plan::new(self.items as usize, self.seed, &owners);
        let files = fill(&admin, &plan).await?;
        let own: Vec<_> = files.iter().filter(|(_, owner)| *owner == owners.main).collect();
        admin.share(plan.id(landmarks.shared), users["sharee"], Role::Viewer, now).await?;
        for (file, _) in files.iter().step_by(files.len() / SHARED_FILES).take(SHARED_FILES) {
            admin.share(*file, users["scattered"], Role::Viewer, now).await?;
        }
        admin.settle().await?;
        let tokens = tokens(&admin, now).await?;
        admin.close().await;
        let folder = |at| plan.id(at).to_string();
        Ok(json!({
            "items": plan.len(),
            "tokens": tokens,
            "files": own.iter().step_by(own.len() / SAMPLE).map(|(file, _)| file.to_string()).collect::<Vec<_>>(),
            "big": folder(landmarks.big),
            "shared": folder(landmarks.shared),
            "moved": folder(landmarks.moved),
            "from": folder(landmarks.from),
            "to": folder(landmarks.to),
            "deepest": folder(landmarks.deepest),
            "wide": folder(landmarks.wide),
        }))
    }
}

/// `main` owns most items, `other` many, `small` few, and so do the users that items are shared with. `nobody` sees
/// nothing.
const USERS: [&str; 6] = ["main", "other", "small", "sharee", "scattered", "nobody"];

fn address(user: &str) -> String {
    if user == "main" { OWNER_EMAIL.to_owned() } else { format!("{user}@example.com") }
}

async fn users(admin: &Admin, now: Timestamp) -> anyhow::Result<BTreeMap<&'static str, UserId>> {
    for user in &USERS[1..] {
        admin.add_user(&address(user), None, now).await?;
    }
    let all = admin.list_users().await?;
    let id = |user: &&'static str| {
        let found = all.iter().find(|row| row.email == address(user));
        Ok((*user, found.context("no such user")?.id))
    };
    USERS.iter().map(id).collect()
}

async fn tokens(admin: &Admin, now: Timestamp) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let mut tokens = BTreeMap::new();
    for user in USERS {
        let scopes = ["access_drive".to_owned()];
        tokens.insert(user, admin.create_token(&address(user), &scopes, LIFE, now).await?.token);
    }
    Ok(tokens)
}

/// Adds all items. Returns the ids of all files, and the owner of each.
async fn fill(admin: &Admin, plan: &Plan) -> anyhow::Result<Vec<(ItemId, UserId)>> {
    let names = Names::new();
    let mut items = plan.items(&names);
    let mut files = Vec::new();
    loop {
        let batch: Vec<_> = items.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(files);
        }
        files.extend(batch.iter().filter(|item| item.size_bytes.is_some()).map(|item| (item.id, item.owner)));
        admin.add_items(batch).await?;
    }
}
