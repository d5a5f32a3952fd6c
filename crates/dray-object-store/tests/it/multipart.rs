//! Multipart uploads: their life, and every way in which a Complete can be wrong.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use md5::{Digest, Md5};

use crate::harness::{MIB, PART, Server, bytes, header_map, now};
use dray_object_store::{Config, ObjectStore};

#[tokio::test]
async fn an_upload_becomes_an_object_made_of_its_listed_parts() {
    let server = Server::start().await;
    let id = server.create("dir/a b+ü".replace(' ', "%20").replace('ü', "%C3%BC").as_str(), &[]).await;
    let key = "dir/a%20b+%C3%BC";
    let (first, third) = (bytes(1, 5 * MIB + 3), bytes(3, 10));
    let e1 = server.put_part(key, &id, 1, first.clone()).await.etag();
    let _ = server.put_part(key, &id, 2, bytes(2, PART)).await;
    let e3 = server.put_part(key, &id, 3, third.clone()).await.etag();
    assert_eq!(e1.len(), 32);

    let listed = server.send("GET", &server.path(&format!("{key}?uploadId={id}")), &[], "").await;
    assert_eq!(listed.elements("PartNumber"), ["1", "2", "3"]);
    assert_eq!(listed.elements("Size"), [(5 * MIB + 3).to_string(), PART.to_string(), "10".to_owned()]);

    let done = server.complete(key, &id, &[(1, e1), (3, e3)]).await;
    assert_eq!(done.code(), "200", "{done:?}");
    assert_eq!(done.element("Key"), "dir/a b+ü");
    assert!(done.element("ETag").trim_matches('"').ends_with("-2"));

    let got = server.get(key).await;
    assert_eq!(got.body, [first, third].concat());
    assert_eq!(got.header("etag"), done.element("ETag"));
    assert_eq!(
        server.send("GET", &server.path(&format!("{key}?uploadId={id}")), &[], "").await.code(),
        "404 NoSuchUpload"
    );
    server.wait_for_files(1).await;
}

#[tokio::test]
async fn a_failed_complete_leaves_the_upload_usable() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let e1 = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    let e2 = server.put_part("k", &id, 2, bytes(2, PART - 1)).await.etag();
    let e3 = server.put_part("k", &id, 3, bytes(3, 1)).await.etag();
    let pair = |number, etag: &String| (number, etag.clone());
    let complete = |parts: Vec<(u32, String)>| {
        let (server, id) = (&server, &id);
        async move { server.complete("k", id, &parts).await.code() }
    };
    assert_eq!(complete(vec![pair(1, &e1), pair(4, &e3)]).await, "400 InvalidPart");
    assert_eq!(complete(vec![pair(1, &e2)]).await, "400 InvalidPart");
    assert_eq!(complete(vec![pair(2, &e2), pair(1, &e1)]).await, "400 InvalidPartOrder");
    assert_eq!(complete(vec![pair(1, &e1), pair(1, &e1)]).await, "400 InvalidPartOrder");
    assert_eq!(complete(vec![pair(1, &e1), pair(2, &e2), pair(3, &e3)]).await, "400 EntityTooSmall");
    assert_eq!(complete(vec![]).await, "400 MalformedXML");
    assert_eq!(complete(vec![pair(0, &e1)]).await, "400 InvalidArgument");
    assert_eq!(complete((1..=10_001).map(|number| (number, e1.clone())).collect()).await, "400 MalformedXML");
    let parts = [pair(1, &e1), pair(3, &e3)];
    let wrong_size = server.complete_with("k", &id, &parts, &[("x-amz-mp-object-size", "7")]).await;
    assert_eq!(wrong_size.code(), "400 InvalidRequest");
    assert!(wrong_size.element("Message").contains("65537") && wrong_size.element("Message").contains('7'));
    let wrong_sum = [("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")];
    assert_eq!(server.complete_with("k", &id, &parts, &wrong_sum).await.code(), "400 BadDigest");
    assert_eq!(server.get("k").await.code(), "404 NoSuchKey");

    let size = (PART + 1).to_string();
    let done = server.complete_with("k", &id, &parts, &[("x-amz-mp-object-size", &size)]).await;
    assert_eq!(done.code(), "200");
    assert_eq!(server.get("k").await.body.len(), PART + 1);
}

#[tokio::test]
async fn a_repeated_complete_succeeds_only_with_the_same_parts() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let e1 = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    let e2 = server.put_part("k", &id, 2, bytes(2, 5)).await.etag();
    let parts = [(1, e1.clone()), (2, e2.clone())];
    let first = server.complete("k", &id, &parts).await;
    let again = server.complete("k", &id, &parts).await;
    assert_eq!((again.code(), again.element("ETag")), ("200".to_owned(), first.element("ETag")));
    assert_eq!(server.complete("k", &id, &parts[..1]).await.code(), "400 InvalidPart");
    assert_eq!(server.complete("k", &id, &[(1, e2)]).await.code(), "400 InvalidPart");
    assert_eq!(server.complete("other", &id, &parts).await.code(), "404 NoSuchUpload");
    assert_eq!(server.put_part("k", &id, 1, "late").await.code(), "404 NoSuchUpload");
    server.put("k", "replaced").await;
    assert_eq!(server.complete("k", &id, &parts).await.code(), "404 NoSuchUpload");
    assert_eq!(server.get("k").await.body, "replaced");
}

#[tokio::test]
async fn a_part_sent_again_replaces_the_first_and_its_etag_goes_stale() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let old = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    let new = server.put_part("k", &id, 1, bytes(2, PART)).await.etag();
    assert_ne!(old, new);
    assert_eq!(server.complete("k", &id, &[(1, old)]).await.code(), "400 InvalidPart");
    assert_eq!(server.complete("k", &id, &[(1, new)]).await.code(), "200");
    assert_eq!(server.get("k").await.body, bytes(2, PART));
    server.wait_for_files(1).await;
}

#[tokio::test]
async fn the_etags_of_a_tools_upload_are_s3s_and_a_part_by_the_drives_url_pays_for_no_md5() {
    let server = Server::start().await;
    let parts = [bytes(1, PART), bytes(2, 7)];
    let md5s = parts.each_ref().map(Md5::digest);
    let done = server.upload("tools", &parts).await;
    let whole = Md5::digest(md5s.concat());
    assert_eq!(done.element("ETag"), format!("\"{}-2\"", hex::encode(whole)));

    let id = server.create("k", &[]).await;
    let query = [("partNumber", "1"), ("uploadId", id.as_str())];
    let url = server.presign_with(&server.store.credentials(), "PUT", "k", &query, now());
    let cheap = server.send_raw("PUT", &url, HeaderMap::new(), parts[0].clone()).await.etag();
    assert!(cheap.len() == 34 && cheap.ends_with("-1"), "{cheap}");
    let md5 = STANDARD.encode(md5s[0]);
    let known =
        server.send_raw("PUT", &url, header_map(&[("content-md5", &md5)]), parts[0].clone()).await.etag();
    assert_eq!(known, hex::encode(md5s[0]));
    assert_eq!(server.send_raw("PUT", &url, HeaderMap::new(), parts[0].clone()).await.etag(), cheap);
    let last = server.put_part("k", &id, 2, parts[1].clone()).await.etag();
    let mixed = server.complete("k", &id, &[(1, cheap), (2, last)]).await;
    assert_eq!(mixed.code(), "200");
    assert_ne!(mixed.element("ETag"), done.element("ETag"));
}

#[tokio::test]
async fn the_same_bytes_have_the_same_part_etag() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let first = server.put_part("k", &id, 1, bytes(1, PART)).await.etag();
    assert_eq!(server.put_part("k", &id, 1, bytes(1, PART)).await.etag(), first);
}

/// CRCs are linear: 8 chosen bytes give any text the CRC-64 of any other text of its length.
#[tokio::test]
async fn bytes_forged_to_have_the_same_crc_have_another_etag() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    let honest = b"pay alice 100 EUR, and not a cent to anybody else".to_vec();
    let forged = with_crc_of(&honest, b"pay mallory 999999 EUR".as_slice());
    assert_eq!(crc_fast::crc64_nvme(&forged), crc_fast::crc64_nvme(&honest));
    let first = server.put_part("k", &id, 1, honest).await.etag();
    assert_ne!(server.put_part("k", &id, 1, forged).await.etag(), first);
    assert_eq!(server.complete("k", &id, &[(1, first)]).await.code(), "400 InvalidPart");
}

/// `text`, made as long as `model`, with 8 bytes at its end that give it the same CRC-64. They are solved bit by bit, as a
/// system of linear equations over 64 bits.
fn with_crc_of(model: &[u8], text: &[u8]) -> Vec<u8> {
    let mut forged = text.to_vec();
    forged.resize(model.len(), b' ');
    let tail = forged.len() - 8;
    forged[tail..].fill(0);
    let base = crc_fast::crc64_nvme(&forged);
    let mut rows: Vec<(u64, u64)> = Vec::new();
    for bit in 0..64 {
        forged[tail..].copy_from_slice(&(1_u64 << bit).to_le_bytes());
        let (mut effect, mut bits) = (crc_fast::crc64_nvme(&forged) ^ base, 1_u64 << bit);
        for &(known, its_bits) in &rows {
            if effect ^ known < effect {
                (effect, bits) = (effect ^ known, bits ^ its_bits);
            }
        }
        rows.push((effect, bits));
        rows.sort_unstable_by(|a, b| b.cmp(a));
    }
    let (mut wanted, mut solution) = (crc_fast::crc64_nvme(model) ^ base, 0);
    for (effect, bits) in rows {
        if wanted ^ effect < wanted {
            (wanted, solution) = (wanted ^ effect, solution ^ bits);
        }
    }
    forged[tail..].copy_from_slice(&solution.to_le_bytes());
    forged
}

#[tokio::test]
async fn an_aborted_upload_is_gone_with_its_files() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    for number in 1..=3 {
        server.put_part("k", &id, number, bytes(1, PART)).await;
    }
    assert_eq!(server.files().len(), 3);
    let path = server.path(&format!("k?uploadId={id}"));
    assert_eq!(server.send("DELETE", &path, &[], "").await.code(), "204");
    assert_eq!(server.send("DELETE", &path, &[], "").await.code(), "404 NoSuchUpload");
    assert_eq!(server.put_part("k", &id, 1, "late").await.code(), "404 NoSuchUpload");
    assert_eq!(server.put_part("k", &id, 1, bytes(1, PART)).await.code(), "404 NoSuchUpload");
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn an_upload_id_is_valid_for_its_bucket_and_key_only() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    assert_eq!(server.put_part("other", &id, 1, "x").await.code(), "404 NoSuchUpload");
    for wrong in ["x", "", &id[1..], &"0".repeat(48)] {
        assert_eq!(server.put_part("k", wrong, 1, "x").await.code(), "404 NoSuchUpload", "{wrong:?}");
    }
    server.send("PUT", "/second", &[], "").await;
    let path = format!("/second/k?partNumber=1&uploadId={id}");
    assert_eq!(server.send("PUT", &path, &[], "x").await.code(), "404 NoSuchUpload");
}

#[tokio::test]
async fn complete_does_not_overwrite_when_told_not_to() {
    let server = Server::start().await;
    server.put("k", "there").await;
    let id = server.create("k", &[]).await;
    let parts = [(1, server.put_part("k", &id, 1, "new").await.etag())];
    let absent = [("if-none-match", "*")];
    assert_eq!(server.complete_with("k", &id, &parts, &absent).await.code(), "412 PreconditionFailed");
    assert_eq!(server.get("k").await.body, "there");
    server.send("DELETE", &server.path("k"), &[], "").await;
    assert_eq!(server.complete_with("k", &id, &parts, &absent).await.code(), "200");
    // The same request again: the object that it made does not stop it.
    assert_eq!(server.complete_with("k", &id, &parts, &absent).await.code(), "200");
}

#[tokio::test]
async fn parts_and_uploads_are_listed_in_pages() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    for number in [2, 3, 5, 9] {
        server.put_part("k", &id, number, "x").await;
    }
    let page = |query: &str| server.path(&format!("k?uploadId={id}&{query}"));
    let first = server.send("GET", &page("max-parts=3"), &[], "").await;
    assert_eq!(first.elements("PartNumber"), ["2", "3", "5"]);
    assert_eq!(
        (first.element("IsTruncated"), first.element("NextPartNumberMarker")),
        ("true".into(), "5".into())
    );
    let second = server.send("GET", &page("part-number-marker=5"), &[], "").await;
    assert_eq!(second.elements("PartNumber"), ["9"]);
    assert_eq!(second.element("IsTruncated"), "false");
    let past = server.send("GET", &page("part-number-marker=99999"), &[], "").await;
    assert_eq!((past.element("PartNumberMarker").as_str(), past.elements("PartNumber").len()), ("99999", 0));

    let mut ids = vec![id];
    for key in ["k", "a/1", "a/2", "z"] {
        ids.push(server.create(key, &[]).await);
    }
    let uploads = |query: &str| format!("/{}?uploads&{query}", server.store.bucket());
    let all = server.send("GET", &uploads(""), &[], "").await;
    assert_eq!(all.elements("UploadId"), [&ids[2], &ids[3], &ids[0], &ids[1], &ids[4]].map(String::clone));
    let grouped = server.send("GET", &uploads("delimiter=/&max-uploads=2"), &[], "").await;
    assert_eq!(grouped.elements("UploadId"), [ids[0].clone()]);
    assert!(grouped.text().contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"));
    let (key, id) = (grouped.element("NextKeyMarker"), grouped.element("NextUploadIdMarker"));
    assert_eq!((key.as_str(), &id), ("k", &ids[0]));
    let rest = server
        .send("GET", &uploads(&format!("delimiter=/&key-marker={key}&upload-id-marker={id}")), &[], "")
        .await;
    assert_eq!(rest.elements("UploadId"), [ids[1].clone(), ids[4].clone()]);
}

#[tokio::test]
async fn two_puts_of_one_part_leave_the_bytes_of_one_of_them() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    for round in 0..20_u8 {
        let (a, b) = (bytes(round, PART), bytes(round + 100, PART));
        let (ea, eb) = tokio::join!(server.put_part("k", &id, 1, a), server.put_part("k", &id, 1, b));
        assert_eq!((ea.code(), eb.code()), ("200".into(), "200".into()));
    }
    let listed = server.send("GET", &server.path(&format!("k?uploadId={id}")), &[], "").await;
    let etag = listed.element("ETag").trim_matches('"').to_owned();
    server.complete("k", &id, &[(1, etag)]).await;
    let got = server.get("k").await.body;
    assert!(got == bytes(19, PART) || got == bytes(119, PART));
    server.wait_for_files(1).await;
}

#[tokio::test]
async fn a_part_replaced_during_complete_never_mixes() {
    let server = Server::start().await;
    for round in 0..30_u8 {
        let key = format!("k{round}");
        let id = server.create(&key, &[]).await;
        let (old, new) = (bytes(round, PART), bytes(round + 100, PART));
        let parts = [(1, server.put_part(&key, &id, 1, old.clone()).await.etag())];
        let (replaced, completed) =
            tokio::join!(server.put_part(&key, &id, 1, new), server.complete(&key, &id, &parts));
        match completed.code().as_str() {
            "200" => assert_eq!(server.get(&key).await.body, old),
            "400 InvalidPart" => assert_eq!(replaced.code(), "200"),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn ten_thousand_parts_complete_quickly_and_read_back() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut config = Config::new(folder.path());
    config.durable = false;
    let store = ObjectStore::open_with_min_part_bytes(config, 1).unwrap();
    let server = Server::serve(store, folder).await;
    let id = server.create("k", &[]).await;
    let mut parts = Vec::new();
    for batch in (1..=10_000_u32).collect::<Vec<_>>().chunks(50) {
        let puts = batch.iter().map(|number| server.put_part("k", &id, *number, format!("{number:05}")));
        let etags = futures_util::future::join_all(puts).await;
        parts.extend(batch.iter().copied().zip(etags.iter().map(crate::harness::Answer::etag)));
    }
    let began = std::time::Instant::now();
    let done = server.complete("k", &id, &parts).await;
    println!("completing 10,000 parts took {:?}", began.elapsed());
    assert_eq!(done.code(), "200", "{done:?}");
    let got = server.get("k").await;
    let expected = (1..=10_000).map(|number| format!("{number:05}")).collect::<Vec<_>>().concat();
    assert_eq!(got.body, expected);
    let range = server.send("GET", &server.path("k"), &[("range", "bytes=24998-25006")], "").await;
    assert_eq!(range.body, &expected[24_998..25_007]);
}

#[tokio::test]
async fn all_parts_but_the_last_need_five_mebibytes() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let store = ObjectStore::open(Config::new(folder.path())).unwrap();
    let server = Server::serve(store, folder).await;
    let small = server.upload("small", &[bytes(1, 5 * MIB - 1), bytes(2, 1)]).await;
    assert_eq!(small.code(), "400 EntityTooSmall");
    let enough = server.upload("enough", &[bytes(1, 5 * MIB), bytes(2, 0)]).await;
    assert_eq!(enough.code(), "200");
    assert_eq!(server.get("enough").await.body, bytes(1, 5 * MIB));
}
