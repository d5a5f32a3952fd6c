//! A signed GET of a file's bytes.

use dray_api::ItemId;
use dray_s3::Endpoint;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Service;
use crate::drive::access::Caller;
use crate::drive::item::{Content, Item};
use crate::drive::{Error, Result};
use crate::objects::{Reading, UrlScope};

/// RFC 5987, 3.2.1: the characters that need no encoding in an extended value.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl Service {
    /// A URL with which anyone can download the file, under its own name, until it expires.
    pub(crate) async fn download_url(
        &self,
        caller: &Caller,
        id: ItemId,
        endpoint: &Endpoint,
    ) -> Result<String> {
        let item = self.seen(caller, id).await?.item;
        self.presign_download(Reading::Get, &item, endpoint, self.download_ttl_secs).await
    }

    /// Signs a GET of a file's bytes, or a HEAD, valid for `expires_secs`.
    pub(super) async fn presign_download(
        &self,
        reading: Reading,
        item: &Item,
        endpoint: &Endpoint,
        expires_secs: u32,
    ) -> Result<String> {
        let Content::File { mime_type, object_key, size_bytes } = &item.content else {
            return Err(Error::NotAFile);
        };
        let now = self.clock.machine_now();
        let url = UrlScope { endpoint, key: object_key, now, expires_secs };
        self.metrics.download_urls.increment(1);
        self.objects.presign_read(reading, &url, Some(*size_bytes), &attachment(&item.name), mime_type).await
    }
}

/// A `Content-Disposition` (RFC 6266) that saves the bytes under `name` and never shows them in a page: the plain
/// form for old clients, the extended form with the exact name for all others.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if (' '..='~').contains(&c) && !"\"\\%".contains(c) { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_stays_unchanged() {
        assert_eq!(
            attachment("report.pdf"),
            "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"
        );
    }

    #[test]
    fn any_other_name_is_exact_in_the_extended_form_and_harmless_in_the_plain_one() {
        assert_eq!(
            attachment("naïve \"plan\" 100%.txt"),
            "attachment; filename=\"na_ve _plan_ 100_.txt\"; filename*=UTF-8''na%C3%AFve%20%22plan%22%20100%25.txt"
        );
    }
}
