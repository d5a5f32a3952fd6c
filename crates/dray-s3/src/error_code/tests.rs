//! The table of codes and statuses, as clients see it.

use std::fmt::Write as _;

use super::*;

#[test]
fn every_code_parses_back() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
    }
    assert_eq!(ErrorCode::parse("nosuchkey"), None);
}

#[test]
fn every_code_is_spelled_as_its_variant_and_has_its_status() {
    let table = ErrorCode::ALL.iter().fold(String::new(), |mut table, code| {
        assert_eq!(format!("{code:?}"), code.as_str());
        let _ = writeln!(table, "{} {}", code.status().as_u16(), code.as_str());
        table
    });
    insta::assert_snapshot!(table, @r"
    403 AccessDenied
    400 AuthorizationHeaderMalformed
    400 AuthorizationQueryParametersError
    400 BadDigest
    409 BucketAlreadyExists
    409 BucketAlreadyOwnedByYou
    409 BucketNotEmpty
    409 ConditionalRequestConflict
    400 EntityTooLarge
    400 EntityTooSmall
    400 ExpiredToken
    400 IncompleteBody
    507 InsufficientStorage
    500 InternalError
    403 InvalidAccessKeyId
    400 InvalidArgument
    400 InvalidBucketName
    400 InvalidDigest
    400 InvalidLocationConstraint
    400 InvalidPart
    416 InvalidPartNumber
    400 InvalidPartOrder
    400 InvalidPolicyDocument
    416 InvalidRange
    400 InvalidRequest
    400 InvalidStorageClass
    400 InvalidTag
    400 InvalidToken
    400 InvalidURI
    400 KeyTooLongError
    400 MalformedPOSTRequest
    400 MalformedTrailerError
    400 MalformedXML
    400 MaxMessageLengthExceeded
    400 MetadataTooLarge
    405 MethodNotAllowed
    411 MissingContentLength
    404 NoSuchBucket
    404 NoSuchBucketPolicy
    404 NoSuchCORSConfiguration
    404 NoSuchKey
    404 NoSuchLifecycleConfiguration
    404 NoSuchPublicAccessBlockConfiguration
    404 NoSuchTagSet
    404 NoSuchUpload
    404 NoSuchWebsiteConfiguration
    501 NotImplemented
    304 NotModified
    500 ObjectDamaged
    404 ObjectLockConfigurationNotFoundError
    404 OwnershipControlsNotFoundError
    412 PreconditionFailed
    404 ReplicationConfigurationNotFoundError
    403 RequestTimeTooSkewed
    400 RequestTimeout
    404 ServerSideEncryptionConfigurationNotFoundError
    503 ServiceUnavailable
    403 SignatureDoesNotMatch
    503 SlowDown
    400 TooManyBuckets
    400 XAmzContentSHA256Mismatch
    ");
}
