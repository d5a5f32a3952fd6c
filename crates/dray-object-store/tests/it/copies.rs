//! Copies: what they contain, which files they share, and when those files are removed.

use std::{fs, sync::Arc};

use bytes::Bytes;

use crate::harness::{Answer, MIB, PART, Server, bytes};

impl Server {
    async fn copy(&self, from: &str, to: &str, headers: &[(&str, &str)]) -> Answer {
        let source = self.path(from);
        let all = [&[("x-amz-copy-source", source.as_str())], headers].concat();
        self.send("PUT", &self.path(to), &all, "").await
    }

    async fn copy_part(&self, from: &str, key: &str, id: &str, number: u32, range: Option<&str>) -> Answer {
        let source = self.path(from);
        let mut headers = vec![("x-amz-copy-source", source.as_str())];
        headers.extend(range.map(|range| ("x-amz-copy-source-range", range)));
        let path = self.path(&format!("{key}?partNumber={number}&uploadId={id}"));
        self.send("PUT", &path, &headers, "").await
    }

    async fn delete(&self, key: &str) {
        assert_eq!(self.send("DELETE", &self.path(key), &[], "").await.code(), "204");
    }
}

fn parts() -> [Bytes; 3] {
    [bytes(1, MIB + 77), bytes(2, PART), bytes(3, 20_000)]
}

#[tokio::test]
async fn a_copy_shares_the_files_which_stay_until_the_last_object_that_names_them_is_gone() {
    for first_gone in ["from", "to", "again"] {
        let server = Server::start().await;
        let made = server.upload("from", &parts()).await;
        let copied = server.copy("from", "to", &[]).await;
        assert_eq!(copied.code(), "200", "{copied:?}");
        assert_eq!(copied.element("ETag"), made.element("ETag"));
        assert_eq!(server.copy("to", "again", &[]).await.code(), "200");
        assert_eq!(server.files().len(), 3);

        server.delete(first_gone).await;
        let folder = server.stop().await;
        let server = Server::start_in(folder, |config| config.durable = false).await;
        let left = ["from", "to", "again"].into_iter().filter(|key| *key != first_gone).collect::<Vec<_>>();
        for key in &left {
            let got = server.get(key).await;
            assert_eq!(got.body, parts().concat(), "{key} after {first_gone}");
            assert_eq!(got.header("etag"), made.element("ETag"));
        }
        server.delete(left[0]).await;
        server.put("other", bytes(9, PART)).await;
        server.wait_for_files(4).await;
        assert_eq!(server.get(left[1]).await.body, parts().concat());
        server.delete(left[1]).await;
        server.wait_for_files(1).await;
    }
}

#[tokio::test]
async fn parts_are_copied_from_any_range_and_read_like_others() {
    let server = Server::start().await;
    server.upload("from", &parts()).await;
    let whole = parts().concat();
    // The whole object; a range cut at both ends; exactly one part; a few blocks; a range across the border of two
    // parts.
    let ranges = [
        (0, whole.len()),
        (1, 1 + PART),
        (MIB + 77, MIB + 77 + PART),
        (3, 4 * PART),
        (MIB - 5, MIB + 77 + 9),
    ];
    let id = server.create("to", &[]).await;
    let (mut listed, mut expected) = (Vec::new(), Vec::new());
    for (number, (start, end)) in (1..).zip(ranges) {
        let range = format!("bytes={start}-{}", end - 1);
        let copied = server.copy_part("from", "to", &id, number, Some(&range)).await;
        assert_eq!(copied.code(), "200", "{copied:?}");
        let etag = copied.element("ETag").trim_matches('"').to_owned();
        let again = server.copy_part("from", "to", &id, number, Some(&range)).await;
        assert_eq!(again.element("ETag").trim_matches('"'), etag);
        listed.push((number, etag));
        expected.extend_from_slice(&whole[start..end]);
    }
    assert_eq!(server.complete("to", &id, &listed).await.code(), "200");
    assert_eq!(server.files().len(), 3);
    server.delete("from").await;

    let got = server.send("GET", &server.path("to"), &[("x-amz-checksum-mode", "ENABLED")], "").await;
    assert_eq!(got.body, expected);
    let checksum = dray_s3::checksum::Checksum::of(dray_s3::checksum::Algorithm::Crc64Nvme, &expected);
    assert_eq!(got.header("x-amz-checksum-crc64nvme"), checksum.to_base64());
    for start in [0, MIB - 1, whole.len() - 1, whole.len() + PART, expected.len() - 3] {
        let end = (start + PART + 3).min(expected.len());
        let range = format!("bytes={start}-{}", end - 1);
        let got = server.send("GET", &server.path("to"), &[("range", &range)], "").await;
        assert_eq!(got.body, expected[start..end], "{range}");
    }
    let copied = server.copy("to", "copy", &[("x-amz-checksum-algorithm", "SHA256")]).await;
    let sha256 = dray_s3::checksum::Checksum::of(dray_s3::checksum::Algorithm::Sha256, &expected);
    assert_eq!(copied.element("ChecksumSHA256"), sha256.to_base64());
    server.delete("to").await;
    assert_eq!(server.get("copy").await.body, expected);
    server.delete("copy").await;
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn a_copied_part_that_is_replaced_or_aborted_releases_its_files() {
    let server = Server::start().await;
    server.put("from", bytes(1, MIB)).await;
    let id = server.create("to", &[]).await;
    assert_eq!(server.copy_part("from", "to", &id, 1, None).await.code(), "200");
    assert_eq!(server.copy_part("from", "to", &id, 2, Some("bytes=5-99")).await.code(), "200");
    server.delete("from").await;
    assert_eq!(server.put_part("to", &id, 1, "replaced").await.code(), "200");
    server.put("other", bytes(9, PART)).await;
    server.wait_for_files(2).await;
    let path = server.path(&format!("to?uploadId={id}"));
    assert_eq!(server.send("DELETE", &path, &[], "").await.code(), "204");
    server.wait_for_files(1).await;
}

/// A crash right after a copy: a killed process leaves the folder as it is while the store runs.
#[tokio::test]
async fn a_scan_after_a_crash_keeps_the_files_that_only_copies_have() {
    let server = Server::start_with(|_| ()).await;
    server.upload("from", &parts()).await;
    server.copy("from", "to", &[]).await;
    server.delete("from").await;
    server.put("other", bytes(9, PART)).await;
    let crashed = Arc::new(tempfile::tempdir().unwrap());
    crate::crash::copy(server.folder.path(), crashed.path());
    fs::write(crashed.path().join("parts/07/1-0000000000000007"), "left behind").unwrap();
    let restarted = Server::start_in(crashed, |_| ()).await;
    restarted.wait_for_files(4).await;
    assert_eq!(restarted.get("to").await.body, parts().concat());
}

#[tokio::test]
async fn a_damaged_file_is_found_when_a_copy_is_read() {
    let server = Server::start().await;
    server.put("from", bytes(1, PART)).await;
    server.copy("from", "to", &[]).await;
    let file = server.files().remove(0);
    let mut stored = fs::read(&file).unwrap();
    stored[7] ^= 1;
    fs::write(&file, stored).unwrap();
    assert_eq!(server.get("to").await.code(), "500 ObjectDamaged");
    let id = server.create("k", &[]).await;
    let cut = server.copy_part("from", "k", &id, 1, Some("bytes=1-9")).await;
    assert_eq!(cut.code(), "500 ObjectDamaged");
}

#[tokio::test]
async fn metadata_and_tags_are_copied_or_replaced() {
    let server = Server::start().await;
    let given = [("x-amz-meta-a", "1"), ("content-type", "text/plain"), ("x-amz-tagging", "t=1")];
    server.send("PUT", &server.path("from"), &given, "small").await;
    server.copy("from", "same", &[]).await;
    let replaced = [
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-tagging-directive", "REPLACE"),
        ("x-amz-meta-b", "2"),
    ];
    server.copy("from", "other", &replaced).await;
    let (same, other) = (server.get("same").await, server.get("other").await);
    assert_eq!((same.body.as_ref(), other.body.as_ref()), (b"small".as_ref(), b"small".as_ref()));
    assert_eq!((same.header("x-amz-meta-a"), same.header("content-type")), ("1", "text/plain"));
    assert_eq!(same.header("x-amz-tagging-count"), "1");
    assert_eq!((other.header("x-amz-meta-a"), other.header("x-amz-meta-b")), ("", "2"));
    assert_eq!(
        (other.header("content-type"), other.header("x-amz-tagging-count")),
        ("binary/octet-stream", "")
    );

    assert_eq!(server.copy("from", "from", &[]).await.code(), "400 InvalidRequest");
    let touched = [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-mtime", "7")];
    assert_eq!(server.copy("from", "from", &touched).await.code(), "200");
    let got = server.get("from").await;
    assert_eq!((got.body.as_ref(), got.header("x-amz-meta-mtime")), (b"small".as_ref(), "7"));
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_creates_nothing() {
    let server = Server::start().await;
    let etag = server.put("from", "small").await.etag();
    let quoted = format!("\"{etag}\"");
    for (from, headers, code) in [
        ("none", vec![], "404 NoSuchKey"),
        ("from?versionId=7", vec![], "501 NotImplemented"),
        ("from", vec![("x-amz-metadata-directive", "KEEP")], "400 InvalidArgument"),
        ("from", vec![("x-amz-copy-source-if-match", "other")], "412 PreconditionFailed"),
        ("from", vec![("x-amz-copy-source-if-none-match", quoted.as_str())], "412 PreconditionFailed"),
        (
            "from",
            vec![("x-amz-copy-source-if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")],
            "412 PreconditionFailed",
        ),
        (
            "from",
            vec![("x-amz-copy-source-if-unmodified-since", "Mon, 01 Jan 2001 00:00:00 GMT")],
            "412 PreconditionFailed",
        ),
        ("from", vec![("x-amz-acl", "public-read")], "501 NotImplemented"),
        ("from", vec![("if-match", "other")], "404 NoSuchKey"),
    ] {
        assert_eq!(server.copy(from, "to", &headers).await.code(), code, "{from} {headers:?}");
    }
    for source in ["", "/", "no-key", "/no-bucket/k", "%zz"] {
        let answer = server.send("PUT", &server.path("to"), &[("x-amz-copy-source", source)], "").await;
        assert!(
            ["400 InvalidArgument", "404 NoSuchBucket"].contains(&answer.code().as_str()),
            "{source:?} {answer:?}"
        );
    }
    let id = server.create("to", &[]).await;
    for range in ["0-2", "bytes=0", "bytes=a-b", "bytes=2-1", "bytes=0-", "bytes=-3", "bytes=0-2,3-4"] {
        let answer = server.copy_part("from", "to", &id, 1, Some(range)).await;
        assert_eq!(answer.code(), "400 InvalidArgument", "{range}");
    }
    assert_eq!(server.copy_part("from", "to", &id, 1, Some("bytes=0-5")).await.code(), "416 InvalidRange");
    assert_eq!(server.get("to").await.code(), "404 NoSuchKey");
}
