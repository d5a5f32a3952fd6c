//! Which connections are accepted and which are closed, tested without sockets.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

use super::bounds::Bounds;
use super::connections::{Admitted, Connections};
use super::socket::Socket;
use super::unread::Unread;
use crate::client_address::ClientAddress;
use crate::config::TrustedProxy;
use crate::metrics::ConnectionMetrics;

fn connections(all: usize, per_address: usize, proxies: &[&str]) -> Connections {
    let proxies: Vec<TrustedProxy> = proxies.iter().map(|text| text.parse().unwrap()).collect();
    Connections::new(Bounds::new(all, Some(per_address), &proxies), ConnectionMetrics::off())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Admits one; `None` if it is refused or has to wait.
async fn admit(connections: &Connections, from: &str) -> Option<Admitted> {
    timeout(Duration::from_millis(20), connections.admit(ip(from))).await.ok().flatten()
}

/// Admits one with a request under way.
async fn busy(connections: &Connections, from: &str) -> Admitted {
    let admitted = admit(connections, from).await.unwrap();
    admitted.0.begins(|| 0);
    admitted
}

/// Gives later moments other times.
async fn tick() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

fn cut(all: &[Admitted]) -> Vec<bool> {
    all.iter().map(|Admitted(one)| one.is_cut()).collect()
}

#[tokio::test]
async fn the_oldest_silent_connection_of_an_address_makes_room_for_its_next() {
    let connections = connections(100, 2, &[]);
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(admit(&connections, "192.0.2.1").await.unwrap());
        tick().await;
    }
    assert_eq!(cut(&all), [true, false, false]);
    assert!(all[0].0.cut.is_cancelled());
}

#[tokio::test]
async fn an_address_whose_connections_are_all_busy_gets_no_more_but_other_addresses_do() {
    let connections = connections(100, 2, &[]);
    let _busy = [busy(&connections, "192.0.2.1").await, busy(&connections, "::ffff:192.0.2.1").await];
    assert!(admit(&connections, "192.0.2.1").await.is_none());
    assert!(admit(&connections, "192.0.2.2").await.is_some());
}

#[tokio::test]
async fn hosts_of_one_ipv6_network_share_their_bound() {
    let connections = connections(100, 2, &[]);
    let _busy = [busy(&connections, "2001:db8:1:2::1").await, busy(&connections, "2001:db8:1:2::2").await];
    assert!(admit(&connections, "2001:db8:1:2:ffff::3").await.is_none());
    assert!(admit(&connections, "2001:db8:1:3::1").await.is_some());
}

#[tokio::test]
async fn when_all_are_taken_the_address_with_most_silent_ones_loses_one() {
    let connections = connections(5, 3, &[]);
    let lone = admit(&connections, "192.0.2.9").await.unwrap();
    tick().await;
    let mut all = vec![busy(&connections, "192.0.2.1").await];
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        all.push(admit(&connections, from).await.unwrap());
        tick().await;
    }
    let newest = admit(&connections, "192.0.2.3").await.unwrap();
    assert_eq!(cut(&all), [false, false, true, false], "the oldest of the address that has two");
    tick().await;
    let _next = admit(&connections, "192.0.2.4").await.unwrap();
    assert!(lone.0.is_cut(), "then all have one, and the oldest goes");
    assert!(!newest.0.is_cut());
}

#[tokio::test]
async fn busy_connections_are_not_cut_and_the_next_waits_until_one_has_left() {
    let connections = connections(2, 2, &[]);
    let mut all = vec![busy(&connections, "192.0.2.1").await, busy(&connections, "192.0.2.2").await];
    all[0].0.waits();
    assert!(admit(&connections, "192.0.2.3").await.is_none(), "they have not been stalled for long");
    let (admitted, ()) = tokio::join!(connections.admit(ip("192.0.2.3")), async { drop(all.pop()) });
    assert!(admitted.is_some());
    assert_eq!(cut(&all), [false]);
}

#[tokio::test]
async fn after_an_answer_a_connection_is_silent() {
    let connections = connections(1, 1, &[]);
    let first = busy(&connections, "192.0.2.1").await;
    assert!(admit(&connections, "192.0.2.2").await.is_none());
    first.0.ends();
    assert!(admit(&connections, "192.0.2.2").await.is_some());
    assert!(first.0.is_cut());
}

#[tokio::test]
async fn a_proxy_may_have_all_connections_and_each_of_its_clients_a_bounded_number_of_requests() {
    let connections = connections(50, 2, &["10.0.0.1"]);
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(busy(&connections, "10.0.0.1").await);
    }
    let enter = |client: &str| all[0].0.enter(ClientAddress::at(ip(client)));
    let guests = [enter("192.0.2.1").unwrap(), enter("192.0.2.1").unwrap()];
    assert!(guests.iter().all(Option::is_some));
    assert!(enter("192.0.2.1").is_err());
    assert!(enter("192.0.2.2").is_ok());
    assert!(enter("10.0.0.1").unwrap().is_none(), "the proxy itself");
    drop(guests);
    assert!(enter("192.0.2.1").is_ok());
    let direct = busy(&connections, "192.0.2.1").await;
    assert!(
        direct.0.enter(ClientAddress::at(ip("192.0.2.1"))).unwrap().is_none(),
        "who connects is counted once"
    );
}

#[tokio::test]
async fn too_many_bytes_of_unfinished_requests_cut_off_the_connection_with_most_of_them() {
    let connections = connections(100, 50, &[]);
    let all = [
        admit(&connections, "192.0.2.1").await.unwrap(),
        admit(&connections, "192.0.2.1").await.unwrap(),
        admit(&connections, "192.0.2.2").await.unwrap(),
    ];
    all[0].0.reads(5 << 20);
    all[2].0.reads(7 << 20);
    assert_eq!(cut(&all), [false; 3]);
    all[1].0.reads(4 << 20);
    assert_eq!(cut(&all), [true, false, false], "of the same address");
    all[1].0.reads(3 << 20);
    assert_eq!(cut(&all), [true, false, false], "what was cut is not counted");
}

#[tokio::test]
async fn bytes_of_unfinished_requests_are_bounded_in_total() {
    let connections = connections(100, 50, &[]);
    let mut all = Vec::new();
    for host in 1..=9 {
        all.push(admit(&connections, &format!("192.0.2.{host}")).await.unwrap());
        all[host - 1].0.reads(if host == 3 { 8 << 20 } else { (8 << 20) - 1024 });
    }
    let mut expected = vec![false; 9];
    expected[2] = true;
    assert_eq!(cut(&all), expected);
}

#[tokio::test]
async fn bytes_count_for_the_next_request_once_a_request_has_begun() {
    let connections = connections(100, 50, &[]);
    let one = admit(&connections, "192.0.2.1").await.unwrap();
    let held = |one: &Arc<super::Connection>| one.unfinished.load(std::sync::atomic::Ordering::Relaxed);
    one.0.reads(100_000);
    assert_eq!(held(&one.0), 100_000);
    one.0.begins(|| 30_000);
    assert_eq!(held(&one.0), 0);
    one.0.reads(5_000);
    one.0.ends();
    assert_eq!(held(&one.0), 75_000, "the next request has come already");
}

#[tokio::test]
async fn relief_cuts_off_no_client_that_reads() {
    let connections = connections(100, 50, &[]);
    let reader = busy(&connections, "192.0.2.1").await;
    let paused = busy(&connections, "192.0.2.2").await;
    paused.0.writes(true);
    reader.0.writes(true);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    reader.0.moves(1 << 20);
    connections.relieve();
    assert!(paused.0.is_cut() && !reader.0.is_cut());
}

/// Asks for an answer of 20 MiB.
async fn unread(connections: &Connections, from: &str) -> (Admitted, Unread) {
    let admitted = busy(connections, from).await;
    let mut answer = Unread::new(vec![0; 20 << 20].into(), admitted.0.clone());
    answer.frame().await.unwrap().unwrap();
    admitted.0.writes(true);
    (admitted, answer)
}

#[tokio::test]
async fn who_does_not_read_answers_waits_with_the_next_request_until_they_are_cut_off() {
    let connections = connections(100, 50, &[]);
    let first = unread(&connections, "192.0.2.1").await;
    assert_eq!(first.0.0.may_answer().await, Ok(()), "one large answer is not too much");
    let second = unread(&connections, "192.0.2.1").await;
    let other = busy(&connections, "192.0.2.2").await;
    let begun = std::time::Instant::now();
    assert_eq!(other.0.may_answer().await, Ok(()));
    assert!(begun.elapsed() < Duration::from_millis(500), "another address does not wait");
    let third = busy(&connections, "192.0.2.1").await;
    assert_eq!(third.0.may_answer().await, Ok(()));
    assert!(begun.elapsed() > Duration::from_millis(900), "this address waits");
    assert!(first.0.0.is_cut() || second.0.0.is_cut());
    assert!(!third.0.is_cut() && !other.0.is_cut());
}

#[tokio::test]
async fn who_reads_slowly_is_refused_more_and_keeps_what_it_reads() {
    let connections = connections(100, 50, &[]);
    let (slow, _answer) = unread(&connections, "192.0.2.1").await;
    let (other, _more) = unread(&connections, "192.0.2.1").await;
    for one in [&slow, &other] {
        let reading = one.0.clone();
        tokio::spawn(async move {
            loop {
                reading.moves(32 << 10);
                reading.takes(32 << 10);
                reading.writes(true);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
    }
    assert!(slow.0.may_answer().await.is_err());
    assert!(!slow.0.is_cut());
    slow.0.takes(20 << 20);
    assert_eq!(slow.0.may_answer().await, Ok(()), "once it has read");
}

#[tokio::test]
async fn when_all_have_too_many_unread_bytes_the_largest_answer_is_cut_off_and_nobody_waits() {
    let connections = connections(100, 50, &[]);
    let mut all = Vec::new();
    for host in 1..=7 {
        all.push(unread(&connections, &format!("192.0.2.{host}")).await);
        all[host - 1].0.0.takes(if host == 4 { 0 } else { 1 << 20 });
    }
    let next = busy(&connections, "192.0.2.9").await;
    let begun = std::time::Instant::now();
    assert_eq!(next.0.may_answer().await, Ok(()));
    assert!(begun.elapsed() < Duration::from_millis(500));
    let cut: Vec<bool> = all.iter().map(|(one, _)| one.0.is_cut()).collect();
    assert_eq!(cut, [false, false, false, true, false, false, false]);
}

#[tokio::test]
async fn unread_answers_are_forgotten_with_their_connection() {
    let connections = connections(100, 50, &[]);
    let first = [unread(&connections, "192.0.2.1").await, unread(&connections, "192.0.2.1").await];
    let next = busy(&connections, "192.0.2.1").await;
    assert!(timeout(Duration::from_millis(300), next.0.may_answer()).await.is_err(), "it waits");
    drop(first);
    assert_eq!(next.0.may_answer().await, Ok(()));
}

#[test]
fn one_address_may_have_hundreds_of_connections_but_never_all_unless_the_setting_says_so() {
    let per_address = |all, said| Bounds::new(all, said, &[]).connections_per_address;
    assert_eq!(per_address(8192, None), 2048);
    assert_eq!(per_address(448, None), 256);
    assert_eq!(per_address(100, None), 75);
    assert_eq!(per_address(1, None), 1);
    assert_eq!(per_address(448, Some(10_000)), 448);
}

/// How many seconds a read waits before it fails, if the client sends nothing.
async fn fails_after(socket: &mut Socket<DuplexStream>) -> u64 {
    let begun = Instant::now();
    let failed = socket.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(failed.kind(), std::io::ErrorKind::TimedOut);
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_head_has_15_seconds_and_a_kept_connection_waits_longer_than_proxies_do() {
    let connections = connections(9, 9, &[]);
    let all = [(); 4].map(|()| admit(&connections, "192.0.2.1"));
    let [silent, kept, slow, busy] = futures_util::future::join_all(all).await.try_into().unwrap();
    let [silent, kept, slow, busy] = [silent, kept, slow, busy].map(Option::unwrap);
    let socket = |of: &Admitted| {
        let (client, server) = duplex(1024);
        (client, Socket::new(server, of.0.clone()))
    };

    let (_client, mut silent) = socket(&silent);
    assert!((15..20).contains(&fails_after(&mut silent).await));

    kept.0.begins(|| 0);
    kept.0.ends();
    let (_client, mut kept) = socket(&kept);
    assert!((180..185).contains(&fails_after(&mut kept).await));

    slow.0.begins(|| 0);
    slow.0.ends();
    let (mut client, mut slow) = socket(&slow);
    let sends_late = async {
        tokio::time::sleep(Duration::from_mins(2)).await;
        client.write_all(b"G").await.unwrap();
    };
    let (read, ()) = tokio::join!(async { slow.read(&mut [0; 16]).await }, sends_late);
    assert_eq!(read.unwrap(), 1);
    assert!((15..20).contains(&fails_after(&mut slow).await), "a head that has begun");

    let (_client, mut writing) = socket(&admit(&connections, "192.0.2.1").await.unwrap());
    writing.write_all(&[0; 1024]).await.unwrap();
    assert!(
        timeout(Duration::from_millis(1), writing.write_all(&[0])).await.is_err(),
        "the client does not read"
    );
    let read = timeout(Duration::from_mins(10), writing.read(&mut [0; 16])).await;
    assert!(read.is_err(), "an answer that is being read slowly has bounds of its own");

    busy.0.begins(|| 0);
    let (_client, mut busy) = socket(&busy);
    let read = timeout(Duration::from_hours(1), busy.read(&mut [0; 16])).await;
    assert!(read.is_err(), "an answer takes as long as it takes");
}
