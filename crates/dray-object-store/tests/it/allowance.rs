//! How much an upload may store if its size was announced at its start.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;

use crate::harness::{MIB, PART, Server, bytes, files_in, header_map};

const SLACK: usize = 64 << 10;

async fn announced(server: &Server, size_bytes: usize) -> String {
    server.create("k", &[("x-amz-mp-object-size", &size_bytes.to_string())]).await
}

fn stored_bytes(server: &Server) -> usize {
    let sizes = server.files().into_iter().filter_map(|file| std::fs::metadata(file).ok());
    sizes.map(|file| usize::try_from(file.len()).unwrap()).sum()
}

#[tokio::test]
async fn a_part_that_is_larger_than_the_file_is_refused_and_nothing_of_it_stays() {
    let server = Server::start().await;
    for size in [0, 1, PART] {
        let id = announced(&server, size).await;
        let answer = server.put_part("k", &id, 1, bytes(1, 2 * PART)).await;
        assert_eq!(answer.code(), "400 EntityTooLarge", "announced with {size}");
        assert_eq!(server.put_part("k", &id, 1, bytes(1, size)).await.code(), "200");
    }
    assert!(stored_bytes(&server) <= PART);
}

#[tokio::test]
async fn a_body_that_lies_about_its_length_is_refused() {
    let server = Server::start().await;
    let id = announced(&server, 1).await;
    let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", PART, "z".repeat(PART));
    let headers = [("x-amz-decoded-content-length", "1"), ("content-encoding", "aws-chunked")];
    let payload = dray_s3::PayloadHash::UnsignedTrailer;
    let answer = server.send_signed("PUT", &path, &headers, chunk, &payload).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(stored_bytes(&server), 0);
}

#[tokio::test]
async fn any_number_of_parts_at_once_stay_within_twice_the_file() {
    let server = Arc::new(Server::start().await);
    let id = announced(&server, 4 * PART).await;
    let part = bytes(1, 4 * PART);
    let puts = (1..=40).map(|number| server.put_part("k", &id, number, part.clone()));
    let answers = join_all(puts).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 2);
    assert!(
        answers.iter().all(|answer| {
            ["200", "400 EntityTooLarge", "503 SlowDown"].contains(&answer.code().as_str())
        })
    );
    assert!(stored_bytes(&server) <= 8 * PART + SLACK);
}

#[tokio::test]
async fn one_part_sent_many_times_at_once_stays_within_twice_the_file() {
    let server = Arc::new(Server::start().await);
    let id = announced(&server, 4 * PART).await;
    let part = bytes(1, 4 * PART);
    for _ in 0..5 {
        let answers = join_all((0..20).map(|_| server.put_part("k", &id, 1, part.clone()))).await;
        assert!(stored_bytes(&server) <= 8 * PART + SLACK);
        assert!(answers.iter().all(|answer| ["200", "503 SlowDown"].contains(&answer.code().as_str())));
    }
    server.wait_for_files(1).await;
    let etag = loop {
        let answer = server.put_part("k", &id, 1, part.clone()).await;
        if answer.status == 200 {
            break answer.etag();
        }
    };
    assert_eq!(server.complete("k", &id, &[(1, etag)]).await.code(), "200");
}

#[tokio::test]
async fn a_client_may_cut_the_file_again_into_other_parts() {
    let server = Server::start().await;
    let id = announced(&server, 8 * PART).await;
    for number in 1..=8 {
        assert_eq!(server.put_part("k", &id, number, bytes(1, PART)).await.code(), "200");
    }
    let mut listed = Vec::new();
    for number in 1..=2 {
        listed.push((number, server.put_part("k", &id, number, bytes(2, 4 * PART)).await.etag()));
    }
    assert_eq!(server.complete("k", &id, &listed).await.code(), "200");
    assert_eq!(server.get("k").await.body.len(), 8 * PART);
}

#[tokio::test]
async fn a_restart_forgets_nothing_of_what_is_stored() {
    let server = Server::start_with(|_| ()).await;
    let id = announced(&server, 4 * PART).await;
    for number in 1..=2 {
        assert_eq!(server.put_part("k", &id, number, bytes(1, 4 * PART)).await.code(), "200");
    }
    let folder = server.stop().await;
    let server = Server::start_in(folder, |_| ()).await;
    assert_eq!(server.put_part("k", &id, 3, bytes(1, 4 * PART)).await.code(), "400 EntityTooLarge");
    assert_eq!(files_in(server.folder.path()).len(), 2);
}

#[tokio::test]
async fn an_arriving_body_is_cut_off_when_its_upload_ends() {
    let server = Server::start().await;
    let id = announced(&server, MIB).await;
    let path = server.path(&format!("k?partNumber=1&uploadId={id}"));
    let length = MIB.to_string();
    let mut headers = header_map(&[("content-length", &length), ("connection", "close")]);
    headers.insert("host", server.address.to_string().parse().unwrap());
    headers.extend(server.sign("PUT", &path, &[], &dray_s3::PayloadHash::Unsigned));
    let body = vec![7; MIB / 2];
    let put = server.send_part_of_body("PUT", &path, &headers, &body, false);
    let abort = async {
        server.wait_for_files(1).await;
        server.send("DELETE", &server.path(&format!("k?uploadId={id}")), &[], Bytes::new()).await
    };
    let (answer, aborted) = tokio::join!(put, abort);
    assert_eq!(aborted.status, 204);
    assert!(answer.contains("NoSuchUpload"), "{answer}");
    server.wait_for_files(0).await;
}

#[tokio::test]
async fn an_upload_whose_size_nobody_announced_has_no_such_limit() {
    let server = Server::start().await;
    let id = server.create("k", &[]).await;
    for number in 1..=3 {
        assert_eq!(server.put_part("k", &id, number, bytes(1, MIB)).await.code(), "200");
    }
}
