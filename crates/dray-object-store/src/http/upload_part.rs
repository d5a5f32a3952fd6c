//! `UploadPart`: the hot path of the store.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use dray_s3::{
    PartNumber,
    checksum::{Algorithm, Checksum, ChecksumType},
};
use dray_sqlite::Settled;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{Call, answer, uploads::upload_id};
use crate::{
    allowance::Reservation,
    body::{self, Announced, Received, ReceivedBytes, Wanted},
    clock,
    disk::NewFile,
    failpoints::die_at,
    failure::{Failure, invalid_argument, invalid_request, no_such_upload},
    ids::PartFileId,
    meta::{
        buckets,
        parts::{self, Content, NewPart},
        uploads::{self, ChecksumChoice, Upload},
    },
    transfers::{Direction, Of},
};

pub(super) async fn put(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let number = part_number(call)?.get();
    let id = upload_id(call)?;
    let _transfer = call.begin(Direction::Up, Of::Part(id.set.part_id(number)))?;
    call.store.check_space()?;
    let announced = Announced::read(&call.fields(), call.payload.clone())?;
    // A read by key takes about 10 µs; handing it to another thread would cost more.
    let upload = call.store.meta().read_blocking(|db| {
        let bucket = buckets::find(db, &call.target.bucket)?;
        uploads::find(db, bucket, &call.target.key, id)
    })?;
    check_algorithm(&announced, upload.checksum)?;

    let algorithm = upload.checksum.algorithm;
    // Parts of the drive need no MD5, because only tools compare it with an MD5 of their own.
    let wanted = Wanted { md5: !call.caller.is_server(), algorithms: vec![algorithm] };
    let file = new_file_id(id.set.part_id(number));
    let timeout = call.store.idle_timeout();
    let reservation = reserve(call, &upload, number, announced.size_bytes)?.map(Arc::new);
    let receive = body::receive(call.store.disk(), file, body, &announced, wanted, timeout);
    let received = match &reservation {
        None => receive.await?,
        Some(reservation) => tokio::select! {
            biased;
            () = reservation.upload_is_over() => return Err(no_such_upload()),
            received = receive => received?,
        },
    };

    let checksum = received.digested.checksum(algorithm);
    let etag = received.digested.digest.etag();
    let (part, file) = split(received, id.set.part_id(number), algorithm);
    let now = clock::now().as_millisecond();
    // The upload is looked up again, because it may have been aborted or completed while the body arrived.
    let counted = reservation.clone();
    let commit = call.store.meta().write_then(
        move |db| {
            uploads::find(db, upload.bucket, &upload.key, id)?;
            if let (Some(replaced), Some(counted)) = (parts::put(db, &part, now)?, &counted) {
                counted.replaces(replaced);
            }
            Ok(())
        },
        move |settled| {
            settle(file, settled);
            if let Some(reservation) = reservation {
                reservation.settle(settled);
            }
        },
    );
    commit.await?;
    die_at("part-stored");
    call.store.collect_garbage();

    Ok(stored(&etag, checksum))
}

/// Refuses a part whose checksum is of another algorithm than its upload was created with (AWS S3 API reference,
/// `UploadPart`: "This checksum algorithm must be the same for all parts"). A composite checksum is made from those of
/// the parts, so there a part must have one. An upload that was created without an algorithm accepts every one.
fn check_algorithm(announced: &Announced, choice: ChecksumChoice) -> Result<(), Failure> {
    let fits = match announced.algorithm() {
        Some(given) => given == choice.algorithm || choice == ChecksumChoice::DEFAULT,
        None => choice.checksum_type == ChecksumType::FullObject,
    };
    if fits {
        return Ok(());
    }
    let expected = choice.algorithm.as_str().to_lowercase();
    let actual = announced.algorithm().map_or("null".to_owned(), |given| given.as_str().to_lowercase());
    Err(invalid_request(format!(
        "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
    )))
}

/// The answer names only the checksum of the upload's algorithm. Clients repeat what they find here when they complete the
/// upload, where one of another algorithm would be refused.
fn stored(etag: &str, checksum: Option<Checksum>) -> Response {
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.extend(answer::quoted(etag).map(|etag| (header::ETAG, etag)));
    if let Some(checksum) = checksum {
        let name = HeaderName::from_static(checksum.algorithm().header_name());
        answer::set(headers, name, &checksum.to_base64());
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// Counts the part towards the upload's allowance, if the upload's size was announced.
fn reserve(
    call: &Call,
    upload: &Upload,
    number: u16,
    size_bytes: u64,
) -> Result<Option<Reservation>, Failure> {
    let (meta, set) = (call.store.meta(), upload.id.set);
    let Some(announced_bytes) = upload.announced_bytes else { return Ok(None) };
    let stored = || meta.read_blocking(|db| Ok(parts::held(db, set)?));
    let allowance = call.store.allowances().of(set, announced_bytes, stored)?;
    let there = || meta.read_blocking(|db| Ok(parts::there(db, set, number)?.map(|there| there.bytes)));
    allowance.reserve(size_bytes, there).map(Some)
}

pub(super) fn part_number(call: &Call) -> Result<PartNumber, Failure> {
    let number = call.query.get("partNumber");
    if call.query.get("uploadId").is_none() {
        return Err(invalid_argument("This operation needs an uploadId"));
    }
    let number = number.ok_or_else(|| invalid_argument("This operation needs a partNumber"))?;
    Ok(number.parse::<PartNumber>()?)
}

/// A name for the file of a part's bytes.
pub(super) fn new_file_id(part_id: i64) -> PartFileId {
    PartFileId { part_id, tag: u64::from_le_bytes(clock::random()) }
}

/// What goes into the part's row, and the file whose fate the commit decides.
pub(super) fn split(received: Received, part_id: i64, algorithm: Algorithm) -> (NewPart, Option<NewFile>) {
    let Received { size_bytes, digested, bytes } = received;
    let (set, number) = crate::ids::split_part_id(part_id);
    let (content, file) = match bytes {
        ReceivedBytes::Inline(bytes) => (Content::Inline(bytes), None),
        ReceivedBytes::File(file) => (Content::File(file.tag()), Some(file)),
    };
    let checksum = digested.checksum(algorithm).filter(|_| algorithm != Algorithm::Crc64Nvme);
    let checksum = checksum.map(|checksum| checksum.as_bytes().to_vec());
    let part = NewPart {
        set,
        number,
        size_bytes,
        crc64: digested.crc64,
        digest: digested.digest,
        checksum,
        blocks: digested.blocks,
        content,
    };
    (part, file)
}

/// Keeps, drops or leaves the file, depending on what happened to the row that names it.
pub(super) fn settle(file: Option<NewFile>, settled: Settled) {
    let Some(file) = file else { return };
    match settled {
        Settled::Committed => file.keep(),
        Settled::Undone => drop(file),
        Settled::Unknown => file.leave_to_scan(),
    }
}
