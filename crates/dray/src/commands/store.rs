//! `dray store`: the embedded store's keys, whether the server is running or not, and which store is the drive's.

use std::time::Duration;

use dray_object_store::{KeyKind, key_of, rotate_key};
use dray_ops::Store;
use dray_server::{BUCKET, Clock, Credentials, REGION, store_folder};
use serde_json::json;

use super::data::{check_folder_or_store, open_alone};
use super::serve::s3 as s3_config;
use crate::args::{Place, StoreCommand, StoreKeys};
use crate::clock;
use crate::exit::Exit;
use crate::output::Output;

/// How long signed URLs stay valid when the server's key is replaced: longer than any part URL lives.
const SERVER_GRACE: Duration = Duration::from_hours(24);

pub(super) async fn store(command: StoreCommand) -> anyhow::Result<Exit> {
    match command {
        StoreCommand::Keys(args) => keys(&args),
        StoreCommand::Adopt(place) => adopt(place).await,
    }
}

async fn adopt(Place { data, s3 }: Place) -> anyhow::Result<Exit> {
    let admin = open_alone(&data).await?;
    let store = Store::open_alone(&data.data, s3_config(s3, None).as_ref()).await?;
    let adopted = admin.adopt(&store, &Clock::from_fn(clock::now)).await;
    store.close().await;
    admin.close().await;
    let (found, sampled) = adopted?;
    let text = format!("the drive now uses this store, which has {found} of {sampled} sampled files");
    Output::new(data.json).result(&text, &json!({ "sampled": sampled, "found": found }))?;
    Ok(Exit::Ok)
}

fn keys(args: &StoreKeys) -> anyhow::Result<Exit> {
    // The drive's database may be Postgres, whose address nobody needs here.
    check_folder_or_store(&args.data)?;
    if args.server {
        rotate_servers(args)?;
        return Ok(Exit::Ok);
    }
    let (folder, kind) =
        (store_folder(&args.data.data), if args.write_drive { KeyKind::Writer } else { KeyKind::Tool });
    let keys = if args.rotate {
        rotate_key(&folder, kind, args.grace.unwrap_or_default())?
    } else {
        key_of(&folder, kind)?
    };
    print(args, &keys)?;
    Ok(Exit::Ok)
}

fn rotate_servers(args: &StoreKeys) -> anyhow::Result<()> {
    let grace = args.grace.unwrap_or(SERVER_GRACE);
    rotate_key(&store_folder(&args.data.data), KeyKind::Server, grace)?;
    let text = format!(
        "the server's key is replaced; URLs signed with the old key stay valid for at most {}",
        humantime::format_duration(grace)
    );
    let value = json!({ "rotated": "server", "graceSecs": grace.as_secs() });
    Output::new(args.data.json).result(&text, &value)?;
    Ok(())
}

fn print(args: &StoreKeys, keys: &Credentials) -> anyhow::Result<()> {
    let url = &args.url;
    let may = if args.write_drive { "read and write it" } else { "read it, and write other buckets" };
    // A shell can read these lines: the keys have only letters, digits and the characters of base64, and the address
    // is quoted.
    let lines = [
        format!("export AWS_ENDPOINT_URL='{}'", url.replace('\'', "%27")),
        format!("export AWS_REGION={REGION}"),
        format!("export AWS_ACCESS_KEY_ID='{}'", keys.access_key_id),
        format!("export AWS_SECRET_ACCESS_KEY='{}'", keys.secret_access_key),
        format!("# the drive's bucket: {BUCKET}; these keys {may}"),
    ];
    let value = json!({
        "endpoint": url, "bucket": BUCKET, "region": REGION, "writesDrive": args.write_drive,
        "accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret_access_key,
    });
    Output::new(args.data.json).results(&lines, &value)?;
    Ok(())
}
