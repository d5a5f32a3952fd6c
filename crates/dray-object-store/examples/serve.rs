//! Serves a store: `serve FOLDER PORT`. It prints the store's endpoint, bucket, region and keys as one line of JSON, so
//! that any S3 tool can use it. Ctrl-C ends it in an orderly way.

use dray_object_store::{Config, KeyKind, ObjectStore, key_of};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve FOLDER PORT".into());
    };
    let store = ObjectStore::open(Config::new(&root))?;
    let credentials = key_of(root.as_ref(), KeyKind::Writer)?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    let keys = serde_json::json!({
        "endpoint": format!("http://{}", listener.local_addr()?),
        "bucket": store.bucket(),
        "region": store.region(),
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
    });
    #[expect(clippy::print_stdout, reason = "the line is what the program is for")]
    {
        println!("{keys}");
    }
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, store.router()).with_graceful_shutdown(stopped).await?;
    store.close().await;
    Ok(())
}
