//! Measures the cost of one presigned part URL: by dray-s3, by hashing alone, and by two public S3 libraries, all in
//! one run on the same upload. It prints medians and ratios as sentences.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_sdk_s3::{
    config::{BehaviorVersion, Credentials as SdkCredentials, Region, RequestChecksumCalculation},
    presigning::PresigningConfig,
};
use dray_s3::{AddressingStyle, Credentials, Endpoint, PartNumber, PartPresigner, PresignScope};
use rusty_s3::S3Action;
use sha2::block_api::compress256;

const ENDPOINT: &str = "https://storage.example.com";
const REGION: &str = "us-east-1";
const BUCKET: &str = "dray";
const KEY: &str = "files/6620f1c2a4b5d6e7f8091a2b/6620f1c2a4b5d6e7f8091a2c";
/// As long as those of AWS.
const UPLOAD_ID: &str = "VXBsb2FkIElEIGZvciBlbHZpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA.VXBsb2FkIElEIGZvciBlbHZpbmcncyBteS1tb3Zp\
                         ZS5tMnRzIHVwbG9hZA.VXBsb2FkIElEIGZv";
const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EXPIRES_SECS: u32 = 3600;
const BATCH: u16 = 1000;
const SHA256_BLOCK_BYTES: usize = 64;

fn main() {
    let now = "2026-01-31T12:00:00Z".parse().expect("a moment");
    let rounds = [ours(now, 201), hashing(now, 201), rusty(now, 51), sdk(now, 11)];
    let [ours, hashing, rusty, sdk] = rounds.map(|round| round.as_secs_f64() * 1e9);
    report(&[
        format!("Presigning UploadPart URLs, batches of {BATCH}, median of rounds:"),
        format!("  dray-s3                {ours:>9.0} ns a URL"),
        format!(
            "  hashing alone          {hashing:>9.0} ns a URL ({} SHA-256 blocks)",
            blocks_per_url(now).iter().sum::<usize>()
        ),
        format!("  rusty-s3               {rusty:>9.0} ns a URL"),
        format!("  aws-sdk-s3             {sdk:>9.0} ns a URL"),
        format!("dray-s3 takes {:.2} times as long as hashing alone;", ours / hashing),
        format!("rusty-s3 takes {:.1} times as long as dray-s3,", rusty / ours),
        format!("aws-sdk-s3 takes {:.1} times as long as dray-s3.", sdk / ours),
    ]);
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn report(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}

/// The median time of one URL, over rounds of a whole batch. The first round only warms up.
fn median(rounds: u32, mut batch: impl FnMut()) -> Duration {
    batch();
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            batch();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2] / u32::from(BATCH)
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: ACCESS_KEY_ID.into(),
        secret_access_key: SECRET_ACCESS_KEY.into(),
        session_token: None,
    }
}

fn presigner(now: jiff::Timestamp) -> PartPresigner {
    let credentials = credentials();
    let endpoint = Endpoint::parse(ENDPOINT, AddressingStyle::Path).expect("an endpoint");
    let scope = PresignScope {
        credentials: &credentials,
        region: REGION,
        endpoint: &endpoint,
        bucket: BUCKET,
        key: KEY,
        now,
        expires_secs: EXPIRES_SECS,
    };
    PartPresigner::new(&scope, UPLOAD_ID).expect("a signable scope")
}

/// Signs a whole batch as the server does. The measured time includes the preparation of the presigner.
fn ours(now: jiff::Timestamp, rounds: u32) -> Duration {
    let mut out = Vec::new();
    median(rounds, || {
        out.clear();
        let presigner = presigner(now);
        out.reserve(usize::from(BATCH) * presigner.max_url_bytes());
        for number in PartNumber::first(BATCH) {
            presigner.write_url(number, &mut out);
        }
        black_box(&out);
    })
}

/// The SHA-256 blocks that each URL needs and that a shared prefix cannot save: for the canonical request, the
/// string to sign, and the outer HMAC.
fn blocks_per_url(now: jiff::Timestamp) -> [usize; 3] {
    let url = presigner(now).url(PartNumber::try_from(u64::from(BATCH)).expect("a part number"));
    let (path, query) = url.strip_prefix(ENDPOINT).and_then(|rest| rest.split_once('?')).expect("a URL");
    let query = query.split("&X-Amz-Signature=").next().expect("a query");
    let host = ENDPOINT.trim_start_matches("https://");
    let canonical = format!("PUT\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
    let shared = canonical.find("partNumber=").expect("a part number") + "partNumber=".len();
    let string_head =
        format!("AWS4-HMAC-SHA256\n20260131T120000Z\n20260131/{REGION}/s3/aws4_request\n").len();
    let hmac_outer = 1;
    [padded_blocks(canonical.len(), shared), padded_blocks(string_head + 64, string_head), hmac_outer]
}

/// The number of blocks of a message that remain after the whole blocks of its shared prefix.
fn padded_blocks(message_bytes: usize, shared_bytes: usize) -> usize {
    let padding_bytes = 9;
    (message_bytes + padding_bytes).div_ceil(SHA256_BLOCK_BYTES) - shared_bytes / SHA256_BLOCK_BYTES
}

fn hashing(now: jiff::Timestamp, rounds: u32) -> Duration {
    let messages = blocks_per_url(now).map(|blocks| vec![[0x5a; SHA256_BLOCK_BYTES]; blocks]);
    let mut state = [0x6a09_e667; 8];
    median(rounds, || {
        for _ in 0..BATCH {
            for blocks in black_box(&messages) {
                compress256(&mut state, blocks);
            }
        }
        black_box(&state);
    })
}

fn rusty(now: jiff::Timestamp, rounds: u32) -> Duration {
    let url = ENDPOINT.parse().expect("a URL");
    let bucket = rusty_s3::Bucket::new(url, rusty_s3::UrlStyle::Path, BUCKET, REGION).expect("a bucket");
    let credentials = rusty_s3::Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
    let life = Duration::from_secs(EXPIRES_SECS.into());
    let sign = |number: u16| {
        bucket.upload_part(Some(&credentials), KEY, number, UPLOAD_ID).sign_with_time(life, &now)
    };
    assert_eq!(sign(1).as_str(), presigner(now).url(PartNumber::FIRST), "both sign the same URL");
    median(rounds, || {
        for number in 1..=BATCH {
            black_box(sign(number));
        }
    })
}

fn sdk(now: jiff::Timestamp, rounds: u32) -> Duration {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(ENDPOINT)
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .credentials_provider(SdkCredentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "bench"))
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let presigning = PresigningConfig::builder()
        .start_time(now.into())
        .expires_in(Duration::from_secs(EXPIRES_SECS.into()))
        .build()
        .expect("a presigning configuration");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sign = async |number: u16| {
        let request = client.upload_part().bucket(BUCKET).key(KEY).upload_id(UPLOAD_ID);
        request.part_number(number.into()).presigned(presigning.clone()).await.expect("a URL")
    };
    median(rounds, || {
        runtime.block_on(async {
            for number in 1..=BATCH {
                black_box(sign(number).await);
            }
        });
    })
}
