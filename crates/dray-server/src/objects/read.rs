//! Reading objects back: all of one, or its beginning.

use std::time::Duration;

use axum::body::BodyDataStream;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Method;

use super::Objects;
use super::client::Request;
use super::failure::Failed;
use crate::drive::Result;
use crate::drive::parts::Crc64;

/// Between two pieces of an object that is read back.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

impl Objects {
    /// Reads an object back; the CRC-64/NVME of its bytes.
    pub async fn read_crc64(&self, key: &str) -> Result<Crc64> {
        let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
        let request = Request::new("GetObject", Method::GET, key);
        self.each_piece(request, |bytes| {
            digest.update(bytes);
            Ok(())
        })
        .await?;
        Ok(Crc64::of(digest.finalize()))
    }

    /// The first bytes of an object that is not empty: `len`, or all if it has fewer.
    pub async fn read_head(&self, key: &str, len: u64) -> Result<Vec<u8>> {
        let most = usize::try_from(len).unwrap_or(usize::MAX);
        let request = Request::new("GetObject", Method::GET, key)
            .header("range", format!("bytes=0-{}", len.saturating_sub(1)));
        let mut body = self.client.open(request).await?.into_data_stream();
        let mut head = Vec::new();
        // A store that does not know ranges sends all of it.
        while head.len() < most
            && let Some(bytes) = next_piece(&mut body).await?
        {
            let room = most - head.len();
            head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        Ok(head)
    }

    /// Gives an answer to `take`, piece by piece.
    pub(super) async fn each_piece(
        &self,
        request: Request<'_>,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut body = self.client.open(request).await?.into_data_stream();
        while let Some(bytes) = next_piece(&mut body).await? {
            take(&bytes)?;
        }
        Ok(())
    }
}

/// What comes next of an object; `None` at its end.
async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>> {
    let silent = |err: Box<dyn std::error::Error + Send + Sync>| Failed::silent("GetObject", err);
    let next = tokio::time::timeout(READ_TIMEOUT, body.next()).await.map_err(|err| silent(err.into()))?;
    Ok(next.transpose().map_err(|err| silent(err.into()))?)
}
