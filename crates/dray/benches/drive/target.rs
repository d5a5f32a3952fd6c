//! The two kinds of server under load: Dray, with its three steps, and any S3 server, with the same three steps of S3.
//! It writes requests by hand and searches answers for the one field that it needs: a load that parsed answers would
//! measure itself.

use std::fmt::Write;

use anyhow::{Context, bail, ensure};
use clap::Args;
use dray_s3::{AddressingStyle, Credentials, Endpoint, PartNumber, PartPresigner, PresignScope, presign};
use hyper::Method;
use hyper::header::HeaderValue;

use crate::connection::Connection;

const MULTIPART: &str = "/public/v1/drive/files/upload/multipart";
const REGION: &str = "us-east-1";
const EXPIRES_SECS: u32 = 3600;

/// Flags that say which server to measure.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// Where it is, as `host:port`
    #[arg(long)]
    authority: String,
    /// Dray: the token
    #[arg(long)]
    token: Option<String>,
    /// S3: `access key,secret key,bucket`
    #[arg(long, conflicts_with = "token")]
    s3: Option<String>,
    /// Its process, whose CPU time is measured
    #[arg(long)]
    pub(crate) pid: u32,
}

/// A server under load, and how uploads to it are made.
pub(crate) struct Target {
    authority: String,
    kind: Kind,
}

enum Kind {
    Dray { bearer: HeaderValue },
    S3 { credentials: Credentials, endpoint: Endpoint, bucket: String },
}

/// An upload that was started.
pub(crate) struct Upload {
    id: String,
    key: String,
}

impl Server {
    /// The server these flags name.
    pub(crate) fn target(&self) -> anyhow::Result<Target> {
        let kind = match (&self.token, &self.s3) {
            (Some(token), _) => Kind::Dray { bearer: HeaderValue::from_str(&format!("Bearer {token}"))? },
            (None, Some(keys)) => s3(&self.authority, keys)?,
            (None, None) => bail!("--token or --s3 is needed"),
        };
        Ok(Target { authority: self.authority.clone(), kind })
    }
}

fn s3(authority: &str, keys: &str) -> anyhow::Result<Kind> {
    let [access, secret, bucket] = keys.split(',').collect::<Vec<_>>()[..] else {
        bail!("--s3 is `access key,secret key,bucket`")
    };
    let credentials = Credentials {
        access_key_id: access.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: None,
    };
    let endpoint = Endpoint::parse(&format!("http://{authority}"), AddressingStyle::Path)?;
    Ok(Kind::S3 { credentials, endpoint, bucket: bucket.to_owned() })
}

impl Target {
    /// A connection to the server.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(&self.authority).await
    }

    /// Starts the upload of a file.
    pub(crate) async fn start(
        &self,
        connection: &mut Connection,
        name: &str,
        size_bytes: u64,
    ) -> anyhow::Result<Upload> {
        match &self.kind {
            Kind::Dray { bearer } => {
                let request = format!(
                    r#"{{"fileName":"{name}","fileSize":{size_bytes},"mimeType":"application/octet-stream"}}"#
                );
                let answer = connection.post_json(&format!("{MULTIPART}/start"), bearer, request).await?;
                Ok(Upload {
                    id: between(&answer, "\"uploadId\":\"", "\"")?,
                    key: between(&answer, "\"fileKey\":\"", "\"")?,
                })
            }
            Kind::S3 { .. } => {
                let path = self.presign(&Method::POST, name, &[("uploads", "")])?;
                let answer = connection.post(&path, String::new()).await?;
                Ok(Upload { id: between(&answer, "<UploadId>", "<")?, key: name.to_owned() })
            }
        }
    }

    /// The presigned paths of the parts. Dray's server signs them; for S3 this program does.
    pub(crate) async fn part_paths(
        &self,
        connection: &mut Connection,
        upload: &Upload,
        parts: u16,
    ) -> anyhow::Result<Vec<String>> {
        match &self.kind {
            Kind::Dray { .. } => {
                let answer = self.sign_request(connection, upload, parts).await?;
                let urls = between(&answer, "\"urls\":[", "]")?;
                let paths: Vec<_> =
                    urls.split(',').map(|url| path_of(url.trim_matches('"'))).collect::<Result<_, _>>()?;
                ensure!(paths.len() == usize::from(parts), "{} URLs for {parts} parts", paths.len());
                Ok(paths)
            }
            Kind::S3 { .. } => {
                let presigner = PartPresigner::new(&self.scope(&upload.key)?, &upload.id)?;
                PartNumber::first(parts).map(|number| path_of(&presigner.url(number))).collect()
            }
        }
    }

    /// The body of the answer to a whole `presigned-urls` request of Dray.
    pub(crate) async fn sign_request(
        &self,
        connection: &mut Connection,
        upload: &Upload,
        parts: u16,
    ) -> anyhow::Result<bytes::Bytes> {
        let Kind::Dray { bearer } = &self.kind else { bail!("only Dray signs parts on request") };
        let request = format!(r#"{{"uploadId":"{}","fileKey":"{}","parts":{parts}}}"#, upload.id, upload.key);
        connection.post_json(&format!("{MULTIPART}/presigned-urls"), bearer, request).await
    }

    /// The body of the request that completes an upload of parts 1, 2, ….
    pub(crate) fn finish_body(&self, upload: &Upload, etags: &[String]) -> anyhow::Result<String> {
        let mut body = String::with_capacity(96 * etags.len() + 256);
        match &self.kind {
            Kind::Dray { .. } => {
                write!(body, r#"{{"uploadId":"{}","fileKey":"{}","parts":["#, upload.id, upload.key)?;
                for (number, etag) in (1..).zip(etags) {
                    let comma = if number == 1 { "" } else { "," };
                    write!(body, r#"{comma}{{"partNumber":{number},"eTag":"{}"}}"#, etag.trim_matches('"'))?;
                }
                body.push_str("]}");
            }
            Kind::S3 { .. } => {
                body.push_str("<CompleteMultipartUpload>");
                for (number, etag) in (1..).zip(etags) {
                    write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")?;
                }
                body.push_str("</CompleteMultipartUpload>");
            }
        }
        Ok(body)
    }

    /// Completes the upload with a body of [`finish_body`](Self::finish_body).
    pub(crate) async fn finish(
        &self,
        connection: &mut Connection,
        upload: &Upload,
        body: String,
    ) -> anyhow::Result<Finished> {
        match &self.kind {
            Kind::Dray { bearer } => {
                let answer = connection.post_json(&format!("{MULTIPART}/finalize"), bearer, body).await?;
                Ok(Finished(between(&answer, "\"id\":\"", "\"")?))
            }
            Kind::S3 { .. } => {
                let path = self.presign(&Method::POST, &upload.key, &[("uploadId", &upload.id)])?;
                let answer = connection.post(&path, body).await?;
                between(&answer, "<CompleteMultipartUploadResult", ">")
                    .context("the upload was not completed")?;
                Ok(Finished(upload.key.clone()))
            }
        }
    }

    /// The presigned path that downloads a file.
    pub(crate) async fn download_path(
        &self,
        connection: &mut Connection,
        Finished(file): &Finished,
    ) -> anyhow::Result<String> {
        match &self.kind {
            Kind::Dray { bearer } => {
                let path = format!("/public/v1/drive/files/{file}/download");
                path_of(&between(&connection.get_json(&path, bearer).await?, "\"url\":\"", "\"")?)
            }
            Kind::S3 { .. } => self.presign(&Method::GET, file, &[]),
        }
    }

    /// Sends any request to Dray. Returns the body of the answer.
    pub(crate) async fn request(
        &self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<bytes::Bytes> {
        let Kind::Dray { bearer } = &self.kind else { bail!("only Dray has these routes") };
        connection.request(method.parse()?, path, bearer, body).await
    }

    fn presign(&self, method: &Method, key: &str, query: &[(&str, &str)]) -> anyhow::Result<String> {
        path_of(&presign(method, &self.scope(key)?, query)?)
    }

    fn scope<'a>(&'a self, key: &'a str) -> anyhow::Result<PresignScope<'a>> {
        let Kind::S3 { credentials, endpoint, bucket } = &self.kind else {
            bail!("Dray signs its own URLs");
        };
        #[expect(clippy::disallowed_methods, reason = "URLs are signed for the moment of the measurement")]
        let now = jiff::Timestamp::now();
        Ok(PresignScope {
            credentials,
            region: REGION,
            endpoint,
            bucket,
            key,
            now,
            expires_secs: EXPIRES_SECS,
        })
    }
}

/// The name of a finished file: Dray's item id, or the S3 key.
pub(crate) struct Finished(String);

/// The text between two marks.
fn between(answer: &[u8], before: &str, after: &str) -> anyhow::Result<String> {
    let text = std::str::from_utf8(answer)?;
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    Ok(found.with_context(|| format!("no {before} in: {}", &text[..text.len().min(500)]))?.0.to_owned())
}

/// Path and query of an `http://` URL.
fn path_of(url: &str) -> anyhow::Result<String> {
    let rest = url.strip_prefix("http://").with_context(|| format!("not an http URL: {url}"))?;
    Ok(rest[rest.find('/').context("a URL without a path")?..].to_owned())
}
