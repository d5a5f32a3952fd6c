//! Which XML is accepted, which is refused, and which is written.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{ErrorCode, PartNumber, checksum::Algorithm};

fn complete(children: &str) -> Result<CompleteMultipartUpload, ErrorCode> {
    let body = format!("<CompleteMultipartUpload>{children}</CompleteMultipartUpload>");
    CompleteMultipartUpload::parse(body.as_bytes()).map_err(|error| error.code)
}

fn part(number: &str) -> String {
    format!("<Part><PartNumber>{number}</PartNumber><ETag>e</ETag></Part>")
}

#[test]
fn complete_as_sdks_send_it() {
    let body = br#"<?xml version="1.0" encoding="UTF-8"?>
        <CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
          <Part><ChecksumCRC32>y/Q5Jg==</ChecksumCRC32><ETag>&quot;a1&quot;</ETag><PartNumber>1</PartNumber></Part>
          <!-- a gap is fine -->
          <Part>
            <PartNumber> 3 </PartNumber>
            <ETag>&#34;b&amp;2&#x22;</ETag>
          </Part>
        </CompleteMultipartUpload>
    "#;
    let upload = CompleteMultipartUpload::parse(body).unwrap();
    let crc = Checksum::of(Algorithm::Crc32, b"123456789");
    let [first, second] = [(1_u64, "a1", Some(crc)), (3, "b&2", None)].map(|(number, etag, checksum)| {
        CompletedPart { part_number: PartNumber::try_from(number).unwrap(), etag: etag.into(), checksum }
    });
    assert_eq!(upload.parts, [first, second]);
    assert_eq!(CompleteMultipartUpload::parse(upload.to_xml().as_bytes()), Ok(upload));
}

#[test]
fn complete_takes_10000_parts_and_no_more() {
    let parts = |count: u32| (1..=count).map(|number| part(&number.to_string())).collect::<Vec<_>>().concat();
    assert_eq!(complete(&parts(10_000)).unwrap().parts.len(), 10_000);
    assert_eq!(complete(&parts(10_001)), Err(ErrorCode::MalformedXML));
    let big = vec![b' '; MAX_COMPLETE_BODY_BYTES + 1];
    assert_eq!(CompleteMultipartUpload::parse(&big).unwrap_err().code, ErrorCode::MaxMessageLengthExceeded);
}

#[test]
fn part_numbers_are_in_range_and_ascend() {
    for number in ["0", "-1", "10001", "2147483648"] {
        assert_eq!(complete(&part(number)), Err(ErrorCode::InvalidArgument), "{number}");
    }
    for number in ["", "1.5", "one", "99999999999999999999"] {
        assert_eq!(complete(&part(number)), Err(ErrorCode::MalformedXML), "{number}");
    }
    for (first, second) in [("2", "1"), ("2", "2")] {
        assert_eq!(complete(&(part(first) + &part(second))), Err(ErrorCode::InvalidPartOrder));
    }
}

#[test]
fn a_body_that_breaks_the_schema_is_malformed() {
    let one = part("1");
    let bad = [
        String::new(),
        "text".to_owned(),
        format!("{one}text"),
        format!("{one}<Other/>"),
        "<Part><ETag>e</ETag></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber><PartNumber>1</PartNumber><ETag>e</ETag></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber><ETag>e</ETag><ETag>e</ETag></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber><ETag>e</ETag><Extra/></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber><ETag><b/></ETag></Part>".to_owned(),
        "<Part><PartNumber>1</PartNumber><ETag>&unknown;</ETag></Part>".to_owned(),
        "<Part a='b'><PartNumber>1</PartNumber><ETag>e</ETag></Part>".to_owned(),
        "<Part>".to_owned(),
    ];
    for children in bad {
        assert_eq!(complete(&children), Err(ErrorCode::MalformedXML), "{children}");
    }
}

#[test]
fn a_part_names_one_checksum_in_base64_or_none() {
    let with = |checksums: &str| {
        complete(&format!("<Part><PartNumber>1</PartNumber><ETag>e</ETag>{checksums}</Part>"))
    };
    let crc32 = "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>";
    for good in
        [crc32, "<ChecksumCRC32/>", "<ChecksumSHA1> </ChecksumSHA1><ChecksumCRC32>AAAAAA==</ChecksumCRC32>"]
    {
        assert!(with(good).is_ok(), "{good}");
    }
    let several = format!("{crc32}<ChecksumCRC32C>AAAAAA==</ChecksumCRC32C>");
    for bad in [
        "<ChecksumCRC32>AA==</ChecksumCRC32>",
        "<ChecksumCRC32>?</ChecksumCRC32>",
        &several,
        &crc32.repeat(2),
    ] {
        assert_eq!(with(bad), Err(ErrorCode::InvalidArgument), "{bad}");
    }
}

#[test]
fn dtds_processing_instructions_and_other_roots_are_malformed() {
    let one = part("1");
    let root = format!("<CompleteMultipartUpload>{one}</CompleteMultipartUpload>");
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>";
    let bad = [
        format!("{bomb}{root}"),
        format!("<?php?>{root}"),
        format!("{root}{root}"),
        format!("{root}trailing"),
        "<Delete/>".to_owned(),
        String::new(),
        "{}".to_owned(),
    ];
    for body in bad {
        let parsed = CompleteMultipartUpload::parse(body.as_bytes());
        assert_eq!(parsed.unwrap_err().code, ErrorCode::MalformedXML, "{body}");
    }
    assert_eq!(CompleteMultipartUpload::parse(b"\xff").unwrap_err().code, ErrorCode::MalformedXML);
}

#[test]
fn delete_takes_1_to_1000_keys() {
    let body = b"<Delete><Object><Key> a&lt;b&#13; </Key></Object><Quiet>true</Quiet>\
                 <Object><Key>c</Key><VersionId>null</VersionId></Object></Delete>";
    let delete = Delete::parse(body).unwrap();
    assert!(delete.quiet);
    assert_eq!(delete.objects[0], DeleteObject { key: " a<b\r ".into(), ..DeleteObject::default() });
    assert_eq!(delete.objects[1].version_id.as_deref(), Some("null"));

    let of = |children: &str| {
        Delete::parse(format!("<Delete>{children}</Delete>").as_bytes()).map_err(|error| error.code)
    };
    let objects = |count| "<Object><Key>k</Key></Object>".repeat(count);
    assert_eq!(of(&objects(1000)).unwrap().objects.len(), 1000);
    for bad in
        [objects(1001), objects(0), "<Object/>".into(), "<Object><Key/></Object>".into(), "<X/>".into()]
    {
        assert_eq!(of(&bad), Err(ErrorCode::MalformedXML), "{bad:.60}");
    }
    let conditional = of("<Object><Key>k</Key><ETag>e</ETag><Size>7</Size></Object>").unwrap();
    let expected = DeleteObject {
        key: "k".into(),
        etag: Some("e".into()),
        size_bytes: Some(7),
        ..DeleteObject::default()
    };
    assert_eq!(conditional.objects, [expected]);
}

#[test]
fn a_request_has_no_nul_however_it_is_spelled() {
    let of = |key: &str| {
        let delete = Delete::parse(format!("<Delete><Object><Key>{key}</Key></Object></Delete>").as_bytes());
        delete.map(|delete| delete.objects[0].key.clone()).map_err(|error| error.code)
    };
    for nul in ["a\0", "a&#0;", "a&#x0;", "<![CDATA[\0]]>"] {
        assert_eq!(of(nul), Err(ErrorCode::MalformedXML), "{nul:?}");
    }
    assert_eq!(of("a\u{1}&#1;"), Ok("a\u{1}\u{1}".to_owned()));
}

#[test]
fn create_bucket_takes_a_region_or_nothing() {
    let region = |body: &[u8]| {
        CreateBucketConfiguration::parse(body)
            .map(|body| body.location_constraint)
            .map_err(|error| error.code)
    };
    assert_eq!(region(b""), Ok(None));
    assert_eq!(region(b"<CreateBucketConfiguration/>"), Ok(None));
    let eu =
        b"<CreateBucketConfiguration><LocationConstraint>eu</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(region(eu), Ok(Some("eu".into())));
    let other = b"<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>";
    assert_eq!(region(other), Err(ErrorCode::MalformedXML));
}

#[test]
fn an_error_is_read_back_and_other_answers_are_not_errors() {
    let error = Error {
        code: ErrorCode::NoSuchUpload,
        message: "a <b> & \"c\"",
        region: Some("us-east-1"),
        resource: "/b/k",
        request_id: "1",
    };
    insta::assert_snapshot!(error.to_xml());
    let answer = ErrorAnswer::parse(error.to_xml().as_bytes()).unwrap();
    assert_eq!((answer.code.as_str(), answer.message.as_str()), ("NoSuchUpload", "a <b> & \"c\""));

    let foreign = b"<Error lang='en'><HostId/><Code>XMinioStorageFull</Code><A><B>c</B></A></Error>";
    assert_eq!(ErrorAnswer::parse(foreign).unwrap().code, "XMinioStorageFull");
    for body in [&b"<CompleteMultipartUploadResult/>"[..], b"<Error/>", b"", b"<Error><Code>x</Code>"] {
        assert_eq!(ErrorAnswer::parse(body), None);
    }
}

fn moment() -> Timestamp {
    "2009-10-12T17:50:30.004Z".parse().unwrap()
}

#[test]
fn answers_about_uploads() {
    let (bucket, key, upload_id) = ("b", "a&b", "id");
    let crc = Checksum::of(Algorithm::Crc32, b"123456789");
    let composite = ObjectChecksum { checksum: crc, checksum_type: ChecksumType::Composite, parts: 2 };
    let choice = Some((Algorithm::Crc32, ChecksumType::Composite));
    let part = ListedPart {
        part_number: PartNumber::FIRST,
        last_modified: moment(),
        etag: "e",
        size_bytes: 5,
        checksum: Some(crc),
    };
    let parts = ListPartsResult {
        bucket,
        key,
        upload_id,
        owner: "me",
        part_number_marker: 0,
        max_parts: 1,
        is_truncated: true,
        checksum: choice,
        parts: vec![part],
    };
    let uploads = ListMultipartUploadsResult {
        bucket,
        next_marker: Some((key, upload_id)),
        delimiter: Some("/"),
        max_uploads: 1,
        owner: "me",
        uploads: vec![ListedUpload { key, upload_id, initiated: moment(), checksum: choice }],
        common_prefixes: vec!["x/"],
        ..ListMultipartUploadsResult::default()
    };
    let completed = CompleteMultipartUploadResult {
        location: "http://h/b/a&b",
        bucket,
        key,
        etag: "e-2",
        checksum: Some(composite),
    };
    let all = [
        InitiateMultipartUploadResult { bucket, key, upload_id }.to_xml(),
        parts.to_xml(),
        uploads.to_xml(),
        completed.to_xml(),
    ];
    insta::assert_snapshot!(pretty(&all));
}

#[test]
fn answers_about_objects_and_buckets() {
    let listing = Listing {
        bucket: "b",
        prefix: "p/",
        delimiter: Some("/"),
        max_keys: 1000,
        objects: vec![ListedObject {
            key: "p/a\u{1}\r<",
            last_modified: moment(),
            etag: "e",
            size_bytes: u64::MAX,
            checksum: None,
            owner: Some("me"),
        }],
        common_prefixes: vec!["p/q/"],
        encoding_type: EncodingType::None,
    };
    let url = Listing { encoding_type: EncodingType::Url, ..listing.clone() };
    let first = ListBucketResult { listing, marker: "m", next_marker: Some("n") };
    let second = ListBucketResultV2 {
        listing: url,
        next_continuation_token: Some("t"),
        ..ListBucketResultV2::default()
    };
    let crc = Checksum::of(Algorithm::Crc64Nvme, b"123456789");
    let attributes = GetObjectAttributesResponse {
        etag: Some("e-1"),
        checksum: Some(ObjectChecksum { checksum: crc, checksum_type: ChecksumType::FullObject, parts: 1 }),
        object_parts: Some(ObjectParts {
            total_parts: 1,
            part_number_marker: 0,
            max_parts: 1000,
            is_truncated: false,
            parts: vec![ObjectPart { part_number: PartNumber::FIRST, size_bytes: 9, checksum: Some(crc) }],
        }),
        storage_class: true,
        object_size_bytes: Some(9),
    };
    let bucket = Bucket { name: "b", created_at: moment(), region: None };
    let buckets = ListAllMyBucketsResult {
        owner: "me",
        buckets: vec![bucket, Bucket { name: "c", created_at: moment(), region: Some("us-east-1") }],
        continuation_token: Some("Yw"),
        prefix: Some(""),
    };
    let failure = DeleteFailure { key: "k", code: ErrorCode::InternalError, message: "no" };
    let all = [
        first.to_xml(),
        second.to_xml(),
        attributes.to_xml(),
        buckets.to_xml(),
        LocationConstraint { region: "us-east-1" }.to_xml(),
        LocationConstraint { region: "eu-central-1" }.to_xml(),
        DeleteResult { deleted: vec!["d"], failures: vec![failure] }.to_xml(),
    ];
    insta::assert_snapshot!(pretty(&all));
}

/// Puts each element on a line of its own, so that people can read the snapshot.
fn pretty(documents: &[String]) -> String {
    documents.join("\n\n").replace("><", ">\n<")
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        parse_everything(&body);
    }

    #[test]
    fn near_misses_never_panic(
        body in "(<Delete>|</Delete>|<Object>|</Object>|<Key>|</Key>|<Error>|</Error>|<Code>|</Code>|<a/>|&amp;|&#0;|&#xD800;|&|<|>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?xml|\\?>|\\PC){0,20}",
    ) {
        parse_everything(body.as_bytes());
        parse_everything(format!("<Delete><Object><Key>{body}</Key></Object></Delete>").as_bytes());
        parse_everything(format!("<Error>{body}</Error>").as_bytes());
    }

    #[test]
    fn any_key_is_read_as_it_was_escaped(key in "[^\u{0}-\u{1f}\u{fffe}\u{ffff}]{1,40}") {
        let body = format!("<Delete><Object><Key>{}</Key></Object></Delete>", quick_xml::escape::escape(&*key));
        prop_assert_eq!(&Delete::parse(body.as_bytes()).unwrap().objects[0].key, &key);
    }
}

fn parse_everything(body: &[u8]) {
    let _ = CompleteMultipartUpload::parse(body);
    let _ = Delete::parse(body);
    let _ = CreateBucketConfiguration::parse(body);
    let _ = ErrorAnswer::parse(body);
    let _ = (read_upload_id(body), read_etag(body));
    let _ = (PartsPage::parse(body), UploadsPage::parse(body), ObjectsPage::parse(body));
}
