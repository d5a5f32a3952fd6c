//! What clients do with signed URLs: browsers send a preflight, and all clients put parts and get ranges.

use dray_api::upload::UploadedPart;
use dray_s3::PartNumber;
use reqwest::{Method, RequestBuilder, Response, header};

use super::{FIRST_PART, KEYS_NEED, Patient, Step, URL_LIFE_SECS};
use crate::doctor::Finding;
use dray_api::causes_after;
use dray_drive::Error;
use dray_drive::parts::{PartList, WantedParts};
use dray_drive::settings::S3Config;
use dray_server::objects::{Reading, UrlScope};

/// The status that an answer with a range should have.
const PARTIAL_CONTENT: u16 = 206;

impl Patient<'_> {
    fn url_scope(&self) -> UrlScope<'_> {
        let (endpoint, key, now) = (&self.public, &self.key, self.clock.now());
        UrlScope { endpoint, key, now, expires_secs: URL_LIFE_SECS }
    }

    pub(super) async fn part_url(&self, upload_id: &str, number: u64) -> Step<String> {
        let signed = self.objects.presign_parts(&self.url_scope(), upload_id).await;
        let url = signed.and_then(|(presigner, _)| {
            Ok(presigner.url(PartNumber::try_from(number).map_err(Error::internal)?))
        });
        url.map_err(|err| {
            Finding::fail("sign", "clients put parts to signed URLs", err.to_string(), KEYS_NEED)
        })
    }

    /// What a browser asks before it puts a part.
    pub(super) async fn preflight(&mut self, url: &str) {
        const CHECK: &str = "preflight";
        const WHY: &str = "browsers ask before they put a part, and do not put it if they are refused; other clients do not ask";
        let request = self.http.request(Method::OPTIONS, url).header(header::ORIGIN, self.page);
        let found = match request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT").send().await {
            // Putting a part will fail too, and that failure is the finding.
            Err(_) => return,
            Ok(answer) if !answer.status().is_success() => format!("answered {}", answer.status()),
            Ok(answer) if !self.allows_page(&answer) => format!("does not allow the origin {}", self.page),
            Ok(answer) if !lists(&answer, header::ACCESS_CONTROL_ALLOW_METHODS, "PUT") => {
                "does not allow PUT".to_owned()
            }
            Ok(_) => return self.ok(CHECK, WHY, format!("{} may put parts", self.page)),
        };
        self.findings.push(Finding::fail(CHECK, WHY, found, &self.cors_remedy()));
    }

    fn allows_page(&self, answer: &Response) -> bool {
        text(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN).is_some_and(|it| it == "*" || it == self.page)
    }

    /// The CORS document to apply, and the command that applies it.
    fn cors_remedy(&self) -> String {
        let S3Config { bucket, endpoint, .. } = self.config;
        let endpoint = endpoint.as_ref().map(|url| format!(" --endpoint-url {url}")).unwrap_or_default();
        let page = self.page;
        format!(
            "aws s3api put-bucket-cors --bucket {bucket}{endpoint} --cors-configuration '{{\"CORSRules\": [{{\"AllowedMethods\": [\"GET\", \"PUT\"], \"AllowedOrigins\": [\"{page}\"], \"AllowedHeaders\": [\"*\"], \"ExposeHeaders\": [\"ETag\", \"Content-Range\"], \"MaxAgeSeconds\": 3600}}]}}' (a store without CORS needs a proxy that answers so)"
        )
    }

    /// Puts two parts to the URLs that clients get.
    pub(super) async fn put_parts(&mut self, upload_id: &str) -> Step<PartList> {
        const WHY: &str = "clients put parts to signed URLs";
        let mut listed = Vec::new();
        for (number, bytes) in [(1, vec![b'a'; FIRST_PART]), (2, vec![b'b'])] {
            let url = self.part_url(upload_id, number).await?;
            let request = self.http.put(url).header(header::ORIGIN, self.page).body(bytes);
            let answer = self.ask("put", request).await?;
            let e_tag = text(&answer, header::ETAG);
            if number == 1 && !self.is_relayed {
                self.exposure(&answer);
            }
            listed.push(UploadedPart { part_number: number, e_tag });
        }
        let host = self.public.host(&self.config.bucket);
        match WantedParts::parse(Some(listed)) {
            Ok(WantedParts::Exactly(parts)) => {
                self.ok("put", WHY, format!("two parts were put to {host}"));
                Ok(parts)
            }
            _ => Err(Finding::fail(
                "put",
                WHY,
                "the store returned no ETag",
                "use a store, or a proxy in front of it, that returns an ETag for each part",
            )),
        }
    }

    /// Puts an empty body, as clients do for the one part of an empty file.
    pub(super) async fn put_nothing(&self, key: &str) -> Step {
        let url = UrlScope { key, ..self.url_scope() };
        let signed = self.objects.part_urls(&url, "none", 0).await;
        let urls = signed.map_err(|err| {
            Finding::fail("sign", "clients put parts to signed URLs", err.to_string(), KEYS_NEED)
        })?;
        let mut address = Vec::new();
        urls.0.write(PartNumber::FIRST, Some(0), &mut address);
        let address = String::from_utf8(address).unwrap_or_default();
        let put = self.http.put(address).header(header::CONTENT_LENGTH, 0).body("");
        self.ask("empty file", put).await.map(drop)
    }

    /// Sends a request as a client does. The answer must be a success.
    async fn ask(&self, check: &'static str, request: RequestBuilder) -> Step<Response> {
        const WHY: &str = "clients reach the store there, and URLs are signed for it";
        let host = self.public.host(&self.config.bucket);
        let answer = request.send().await.map_err(|err| {
            let found = format!("{host} does not answer: {}", failure_of(&err));
            if self.is_relayed {
                let remedy = "set --s3-endpoint to the address at which this machine reaches the store";
                return Finding::fail("endpoint", "the server reaches the store there", found, remedy);
            }
            let remedy = "set --s3-public-endpoint to the address at which clients reach the store; if they cannot reach it, let this \
                          server pass their requests on with --s3-relay";
            Finding::fail("public endpoint", WHY, found, remedy)
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let said: String = answer.text().await.unwrap_or_default().chars().take(300).collect();
        let remedy = "a proxy in between must pass on Host and the query unchanged; otherwise set --s3-public-endpoint and --s3-region to the store's values";
        Err(Finding::fail(check, WHY, format!("{host} answered {status}: {said}"), remedy))
    }

    /// Checks whether the page can read the headers that it needs from the answer to a part.
    fn exposure(&mut self, answer: &Response) {
        const CHECK: &str = "ETag exposed";
        const WHY: &str =
            "the page needs the ETag of each part, and can read only headers that the store exposes";
        let found = if !self.allows_page(answer) {
            format!("the answer to a part does not allow the origin {}", self.page)
        } else if !lists(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag") {
            "Access-Control-Expose-Headers does not name ETag".to_owned()
        } else {
            return self.ok(CHECK, WHY, "pages can read it");
        };
        self.findings.push(Finding::fail(CHECK, WHY, found, &self.cors_remedy()));
    }

    pub(super) async fn range(&mut self) -> Step {
        const CHECK: &str = "range";
        const WHY: &str = "resuming a download and seeking in a video need ranges";
        let name = "attachment; filename=\"doctor.txt\"";
        let signed =
            self.objects.presign_read(Reading::Get, &self.url_scope(), None, name, "text/plain").await;
        let url = signed.map_err(|err| Finding::fail(CHECK, WHY, err.to_string(), KEYS_NEED))?;
        let range = format!("bytes={}-{}", FIRST_PART - 1, FIRST_PART);
        let answer = self.ask(CHECK, self.http.get(url).header(header::RANGE, range)).await?;
        let (status, is_named) =
            (answer.status(), text(&answer, header::CONTENT_DISPOSITION).as_deref() == Some(name));
        let body = answer.bytes().await.unwrap_or_default();
        let finding = if body != b"ab"[..] {
            let found = format!("{status} with {} bytes instead of 2", body.len());
            Finding::fail(CHECK, WHY, found, "use a store, or a proxy in front of it, that serves ranges")
        } else if status.as_u16() != PARTIAL_CONTENT {
            let found = format!("served, but with status {status}");
            Finding::warn(CHECK, WHY, found, "dray download understands it; browsers and players may not")
        } else if !is_named && !self.is_relayed {
            let remedy = "use a store that obeys response-content-disposition; with this one, browsers save files under their keys";
            Finding::warn(CHECK, WHY, "served, without the file's name", remedy)
        } else {
            Finding::ok(CHECK, WHY, "served, under the file's name")
        };
        self.findings.push(finding);
        Ok(())
    }
}

pub(super) fn text(answer: &Response, name: header::HeaderName) -> Option<String> {
    answer.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Whether a header with a list of names contains this one, or `*`.
fn lists(answer: &Response, name: header::HeaderName, wanted: &str) -> bool {
    let values = answer.headers().get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|it| it == "*" || it.eq_ignore_ascii_case(wanted))
}

/// An error with its causes, which reqwest's own text leaves out. It does not show the address, which contains a signature.
pub(in crate::doctor) fn failure_of(err: &reqwest::Error) -> String {
    let kind = if err.is_timeout() { "it took too long" } else { "no answer" };
    causes_after(kind, err)
}
