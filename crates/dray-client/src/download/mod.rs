//! Downloads one file: gets a signed URL, writes its bytes to a [`sink`], and continues where a connection broke.

mod name;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dray_api::{Item, ItemId};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_MATCH, RANGE};
use reqwest::{Response, StatusCode};

use self::sink::Sink;
use crate::client::Client;
use crate::error::Error;
use crate::progress::Progress;
use crate::retry::{self, Repeat};
use crate::store;

/// How long a transfer may make no progress.
const LONGEST_STALL: Duration = Duration::from_mins(1);
/// The maximum number of new URLs in a row without a byte between them. If that is not enough, the store refuses for
/// another reason than an expired URL.
const MAX_NEW_URLS: u32 = 4;

/// Where a download goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into this folder, under the item's own name made safe for a file system.
    Folder(PathBuf),
    /// To this path.
    File(PathBuf),
}

/// A completed download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// The item.
    pub item: Item,
    /// Where its bytes are.
    pub path: PathBuf,
}

/// Downloads a file. The target appears once all its bytes are durable. An existing file is replaced only with
/// `overwrite`. Dropping the future removes the bytes received so far.
pub async fn download(
    client: &Client,
    id: ItemId,
    destination: Destination,
    overwrite: bool,
    progress: Arc<dyn Progress>,
) -> Result<Downloaded, Error> {
    let item = client.item(id).await?;
    let url = client.download_url(id).await?.url;
    // A download without a known size might never end.
    let expected = item.file_size.ok_or_else(|| client.not_dray(200))?;
    let target = match destination {
        Destination::Folder(folder) => folder.join(name::safe(&item.name)),
        Destination::File(path) => path,
    };
    let sink = Sink::create(target, overwrite).await?;
    progress.expect(expected);
    let mut transfer = Transfer { client, id, url, e_tag: None, sink, expected, progress };
    transfer.run().await?;
    let path = transfer.sink.publish().await?;
    Ok(Downloaded { item, path })
}

struct Transfer<'a> {
    client: &'a Client,
    id: ItemId,
    url: String,
    /// The `ETag` of the first answer. Later answers must continue the same bytes.
    e_tag: Option<HeaderValue>,
    sink: Sink,
    expected: u64,
    progress: Arc<dyn Progress>,
}

impl Transfer<'_> {
    /// Runs until every byte is in the sink. Whenever the transfer gets further than before, it starts to count the
    /// tries again.
    async fn run(&mut self) -> Result<(), Error> {
        let (mut tries, mut new_urls, mut furthest) = (0, 0, 0);
        loop {
            let Err(error) = self.fetch().await else { return self.check_size() };
            if self.sink.len() > furthest {
                (tries, new_urls, furthest) = (0, 0, self.sink.len());
            }
            match &error {
                Error::Store { error: refusal, .. }
                    if retry::wants_new_url(refusal) && new_urls < MAX_NEW_URLS =>
                {
                    new_urls += 1;
                    self.url = self.client.download_url(self.id).await?.url;
                }
                _ => {
                    tries += 1;
                    let wait = retry::wait_before_retry(&error, tries, Repeat::Safe, retry::random());
                    tokio::time::sleep(wait.ok_or(error)?).await;
                }
            }
        }
    }

    /// One GET for the missing bytes.
    async fn fetch(&mut self) -> Result<(), Error> {
        let (url, peer) = store::parse_signed_url(self.client.base_url(), &self.url)?;
        let mut request = self.client.http().get(url);
        let resumed_at = self.sink.len();
        if let Some(e_tag) = self.e_tag.as_ref().filter(|_| resumed_at > 0) {
            request = request.header(RANGE, format!("bytes={resumed_at}-")).header(IF_MATCH, e_tag);
        }
        let response = in_time(&peer, request.send()).await?;
        let response = self.accept(response, resumed_at).await?;
        self.receive(response, &peer).await
    }

    /// Checks the head of the answer, and prepares the sink for its body.
    async fn accept(&mut self, response: Response, resumed_at: u64) -> Result<Response, Error> {
        match response.status() {
            // Some stores answer a range with 200.
            StatusCode::PARTIAL_CONTENT | StatusCode::OK if starts_at(&response, resumed_at) => Ok(response),
            // The whole object, from its first byte.
            StatusCode::OK if !response.headers().contains_key(CONTENT_RANGE) => {
                self.e_tag = response.headers().get(ETAG).cloned();
                self.progress.undone(resumed_at);
                self.sink.restart().await?;
                Ok(response)
            }
            StatusCode::PRECONDITION_FAILED
            | StatusCode::RANGE_NOT_SATISFIABLE
            | StatusCode::PARTIAL_CONTENT
            | StatusCode::OK => Err(Error::ChangedWhileDownloading { item: self.id }),
            _ => {
                let during = format!("the download of {}", self.id);
                Err(Error::Store { during, error: store::refusal(response).await })
            }
        }
    }

    async fn receive(&mut self, mut response: Response, peer: &str) -> Result<(), Error> {
        while let Some(bytes) = in_time(peer, response.chunk()).await? {
            // Accept no more bytes than the item has.
            self.check_size_of(self.sink.len() + bytes.len() as u64, |received, expected| {
                received <= expected
            })?;
            self.progress.moved(bytes.len() as u64);
            self.sink.push(bytes).await?;
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Error> {
        self.check_size_of(self.sink.len(), |received, expected| received == expected)
    }

    fn check_size_of(&self, received: u64, is_right: impl FnOnce(u64, u64) -> bool) -> Result<(), Error> {
        let (item, expected) = (self.id, self.expected);
        if is_right(received, expected) { Ok(()) } else { Err(Error::WrongSize { item, expected, received }) }
    }
}

async fn in_time<T>(peer: &str, step: impl Future<Output = reqwest::Result<T>>) -> Result<T, Error> {
    if let Ok(result) = tokio::time::timeout(LONGEST_STALL, step).await {
        return result.map_err(|error| Error::network(peer, error));
    }
    let cause = "no byte for a minute".to_owned();
    Err(Error::Network { peer: peer.to_owned(), cause, never_sent: false })
}

/// Whether a partial answer begins at the requested offset (RFC 9110, 14.4).
fn starts_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}
