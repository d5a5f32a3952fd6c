//! The error codes of S3, each with its status (AWS S3 API reference, "Error responses").
//! One enum and, next to each other, two exhaustive matches. It writes no messages and no XML.

use http::StatusCode;

/// An S3 error code. Variants are spelled as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 403: the request is unsigned, expired, or not allowed.
    AccessDenied,
    /// 400: the `Authorization` header cannot be parsed, or names another region.
    AuthorizationHeaderMalformed,
    /// 400: the query form of the signature cannot be parsed, or exceeds its limits.
    AuthorizationQueryParametersError,
    /// 400: `Content-MD5` or a checksum does not match the body.
    BadDigest,
    /// 409: the bucket exists and belongs to someone else.
    BucketAlreadyExists,
    /// 409: the bucket exists and is yours.
    BucketAlreadyOwnedByYou,
    /// 409: only an empty bucket can be deleted.
    BucketNotEmpty,
    /// 409: a concurrent write decided the condition differently.
    ConditionalRequestConflict,
    /// 400: a part or object is over the limit.
    EntityTooLarge,
    /// 400: a part other than the last is under 5 MiB.
    EntityTooSmall,
    /// 400: the session token has expired.
    ExpiredToken,
    /// 400: the body has fewer bytes than `Content-Length` announced.
    IncompleteBody,
    /// 507: the disk is full.
    InsufficientStorage,
    /// 500: the store failed; retrying may help.
    InternalError,
    /// 403: no such access key.
    InvalidAccessKeyId,
    /// 400: a parameter is out of range.
    InvalidArgument,
    /// 400: the bucket's name breaks the rules for such names.
    InvalidBucketName,
    /// 400: `Content-MD5` or a checksum header is not a digest.
    InvalidDigest,
    /// 400: the region in the body is not this store's.
    InvalidLocationConstraint,
    /// 400: a listed part is missing, or its `ETag` differs.
    InvalidPart,
    /// 416: the object has no part of this number.
    InvalidPartNumber,
    /// 400: the list of parts is not strictly ascending.
    InvalidPartOrder,
    /// 400: the policy of a form upload cannot be read, or the form does not fit its limits.
    InvalidPolicyDocument,
    /// 416: the range does not overlap the object.
    InvalidRange,
    /// 400: the request cannot be served as it is.
    InvalidRequest,
    /// 400: the store has only one storage class, `STANDARD`.
    InvalidStorageClass,
    /// 400: a tag is too long, empty or given twice, or there are too many.
    InvalidTag,
    /// 400: the session token is missing or wrong.
    InvalidToken,
    /// 400: the path or query is not validly percent-encoded.
    InvalidURI,
    /// 400: the key is over 1,024 bytes.
    KeyTooLongError,
    /// 400: the form of an upload is not well-formed `multipart/form-data`.
    MalformedPOSTRequest,
    /// 400: the trailers of the body are not those that were announced.
    MalformedTrailerError,
    /// 400: the body is not the XML that the operation expects.
    MalformedXML,
    /// 400: the body of a control request is too long.
    MaxMessageLengthExceeded,
    /// 400: the user metadata is over 2 KiB.
    MetadataTooLarge,
    /// 405: the resource does not take this method.
    MethodNotAllowed,
    /// 411: a `Content-Length` is needed.
    MissingContentLength,
    /// 404: no such bucket.
    NoSuchBucket,
    /// 404: the bucket has no policy.
    NoSuchBucketPolicy,
    /// 404: the bucket has no CORS configuration of its own.
    NoSuchCORSConfiguration,
    /// 404: no such key.
    NoSuchKey,
    /// 404: the bucket has no lifecycle rules.
    NoSuchLifecycleConfiguration,
    /// 404: the bucket has no such configuration.
    NoSuchPublicAccessBlockConfiguration,
    /// 404: the bucket has no tags.
    NoSuchTagSet,
    /// 404: unknown, aborted or completed upload id.
    NoSuchUpload,
    /// 404: the bucket is not a website.
    NoSuchWebsiteConfiguration,
    /// 501: the store does not offer the operation.
    NotImplemented,
    /// 304: the condition says the client's copy is current.
    NotModified,
    /// 500: the stored bytes of the object are damaged or gone; retrying does not help. AWS has no such code.
    ObjectDamaged,
    /// 404: the bucket locks no objects.
    ObjectLockConfigurationNotFoundError,
    /// 404: the bucket has no such configuration.
    OwnershipControlsNotFoundError,
    /// 412: a condition of the request did not hold.
    PreconditionFailed,
    /// 404: the bucket is not replicated.
    ReplicationConfigurationNotFoundError,
    /// 403: the clocks differ by more than 15 minutes.
    RequestTimeTooSkewed,
    /// 400: the client sent its body too slowly.
    RequestTimeout,
    /// 404: the bucket has no encryption configuration.
    ServerSideEncryptionConfigurationNotFoundError,
    /// 503: try again later.
    ServiceUnavailable,
    /// 403: the signature does not belong to this request.
    SignatureDoesNotMatch,
    /// 503: too many requests.
    SlowDown,
    /// 400: the store already has the largest allowed number of buckets.
    TooManyBuckets,
    /// 400: the SHA-256 of the body is not the signed one.
    XAmzContentSHA256Mismatch,
}

impl ErrorCode {
    /// The code as `<Code>` contains it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDenied",
            Self::AuthorizationHeaderMalformed => "AuthorizationHeaderMalformed",
            Self::AuthorizationQueryParametersError => "AuthorizationQueryParametersError",
            Self::BadDigest => "BadDigest",
            Self::BucketAlreadyExists => "BucketAlreadyExists",
            Self::BucketAlreadyOwnedByYou => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty => "BucketNotEmpty",
            Self::ConditionalRequestConflict => "ConditionalRequestConflict",
            Self::EntityTooLarge => "EntityTooLarge",
            Self::EntityTooSmall => "EntityTooSmall",
            Self::ExpiredToken => "ExpiredToken",
            Self::IncompleteBody => "IncompleteBody",
            Self::InsufficientStorage => "InsufficientStorage",
            Self::InternalError => "InternalError",
            Self::InvalidAccessKeyId => "InvalidAccessKeyId",
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidBucketName => "InvalidBucketName",
            Self::InvalidDigest => "InvalidDigest",
            Self::InvalidLocationConstraint => "InvalidLocationConstraint",
            Self::InvalidPart => "InvalidPart",
            Self::InvalidPartNumber => "InvalidPartNumber",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::InvalidPolicyDocument => "InvalidPolicyDocument",
            Self::InvalidRange => "InvalidRange",
            Self::InvalidRequest => "InvalidRequest",
            Self::InvalidStorageClass => "InvalidStorageClass",
            Self::InvalidTag => "InvalidTag",
            Self::InvalidToken => "InvalidToken",
            Self::InvalidURI => "InvalidURI",
            Self::KeyTooLongError => "KeyTooLongError",
            Self::MalformedPOSTRequest => "MalformedPOSTRequest",
            Self::MalformedTrailerError => "MalformedTrailerError",
            Self::MalformedXML => "MalformedXML",
            Self::MaxMessageLengthExceeded => "MaxMessageLengthExceeded",
            Self::MetadataTooLarge => "MetadataTooLarge",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::MissingContentLength => "MissingContentLength",
            Self::NoSuchBucket => "NoSuchBucket",
            Self::NoSuchBucketPolicy => "NoSuchBucketPolicy",
            Self::NoSuchCORSConfiguration => "NoSuchCORSConfiguration",
            Self::NoSuchKey => "NoSuchKey",
            Self::NoSuchLifecycleConfiguration => "NoSuchLifecycleConfiguration",
            Self::NoSuchPublicAccessBlockConfiguration => "NoSuchPublicAccessBlockConfiguration",
            Self::NoSuchTagSet => "NoSuchTagSet",
            Self::NoSuchUpload => "NoSuchUpload",
            Self::NoSuchWebsiteConfiguration => "NoSuchWebsiteConfiguration",
            Self::NotImplemented => "NotImplemented",
            Self::NotModified => "NotModified",
            Self::ObjectDamaged => "ObjectDamaged",
            Self::ObjectLockConfigurationNotFoundError => "ObjectLockConfigurationNotFoundError",
            Self::OwnershipControlsNotFoundError => "OwnershipControlsNotFoundError",
            Self::PreconditionFailed => "PreconditionFailed",
            Self::ReplicationConfigurationNotFoundError => "ReplicationConfigurationNotFoundError",
            Self::RequestTimeTooSkewed => "RequestTimeTooSkewed",
            Self::RequestTimeout => "RequestTimeout",
            Self::ServerSideEncryptionConfigurationNotFoundError => {
                "ServerSideEncryptionConfigurationNotFoundError"
            }
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
            Self::SlowDown => "SlowDown",
            Self::TooManyBuckets => "TooManyBuckets",
            Self::XAmzContentSHA256Mismatch => "XAmzContentSHA256Mismatch",
        }
    }

    /// The HTTP status that carries the code.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotModified => StatusCode::NOT_MODIFIED,
            Self::AuthorizationHeaderMalformed
            | Self::AuthorizationQueryParametersError
            | Self::BadDigest
            | Self::EntityTooLarge
            | Self::EntityTooSmall
            | Self::ExpiredToken
            | Self::IncompleteBody
            | Self::InvalidArgument
            | Self::InvalidBucketName
            | Self::InvalidDigest
            | Self::InvalidLocationConstraint
            | Self::InvalidPart
            | Self::InvalidPartOrder
            | Self::InvalidRequest
            | Self::InvalidTag
            | Self::InvalidPolicyDocument
            | Self::InvalidStorageClass
            | Self::MalformedPOSTRequest
            | Self::InvalidToken
            | Self::InvalidURI
            | Self::KeyTooLongError
            | Self::MalformedTrailerError
            | Self::MalformedXML
            | Self::MaxMessageLengthExceeded
            | Self::MetadataTooLarge
            | Self::RequestTimeout
            | Self::TooManyBuckets
            | Self::XAmzContentSHA256Mismatch => StatusCode::BAD_REQUEST,
            Self::AccessDenied
            | Self::InvalidAccessKeyId
            | Self::RequestTimeTooSkewed
            | Self::SignatureDoesNotMatch => StatusCode::FORBIDDEN,
            Self::NoSuchBucket
            | Self::NoSuchBucketPolicy
            | Self::NoSuchCORSConfiguration
            | Self::NoSuchKey
            | Self::NoSuchLifecycleConfiguration
            | Self::NoSuchPublicAccessBlockConfiguration
            | Self::NoSuchTagSet
            | Self::NoSuchUpload
            | Self::NoSuchWebsiteConfiguration
            | Self::ObjectLockConfigurationNotFoundError
            | Self::OwnershipControlsNotFoundError
            | Self::ReplicationConfigurationNotFoundError
            | Self::ServerSideEncryptionConfigurationNotFoundError => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BucketAlreadyExists
            | Self::BucketAlreadyOwnedByYou
            | Self::BucketNotEmpty
            | Self::ConditionalRequestConflict => StatusCode::CONFLICT,
            Self::MissingContentLength => StatusCode::LENGTH_REQUIRED,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::InvalidPartNumber | Self::InvalidRange => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::InternalError | Self::ObjectDamaged => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::ServiceUnavailable | Self::SlowDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// The code with this name, if Dray knows it.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == code)
    }

    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::AccessDenied,
        Self::AuthorizationHeaderMalformed,
        Self::AuthorizationQueryParametersError,
        Self::BadDigest,
        Self::BucketAlreadyExists,
        Self::BucketAlreadyOwnedByYou,
        Self::BucketNotEmpty,
        Self::ConditionalRequestConflict,
        Self::EntityTooLarge,
        Self::EntityTooSmall,
        Self::ExpiredToken,
        Self::IncompleteBody,
        Self::InsufficientStorage,
        Self::InternalError,
        Self::InvalidAccessKeyId,
        Self::InvalidArgument,
        Self::InvalidBucketName,
        Self::InvalidDigest,
        Self::InvalidLocationConstraint,
        Self::InvalidPart,
        Self::InvalidPartNumber,
        Self::InvalidPartOrder,
        Self::InvalidPolicyDocument,
        Self::InvalidRange,
        Self::InvalidRequest,
        Self::InvalidStorageClass,
        Self::InvalidTag,
        Self::InvalidToken,
        Self::InvalidURI,
        Self::KeyTooLongError,
        Self::MalformedPOSTRequest,
        Self::MalformedTrailerError,
        Self::MalformedXML,
        Self::MaxMessageLengthExceeded,
        Self::MetadataTooLarge,
        Self::MethodNotAllowed,
        Self::MissingContentLength,
        Self::NoSuchBucket,
        Self::NoSuchBucketPolicy,
        Self::NoSuchCORSConfiguration,
        Self::NoSuchKey,
        Self::NoSuchLifecycleConfiguration,
        Self::NoSuchPublicAccessBlockConfiguration,
        Self::NoSuchTagSet,
        Self::NoSuchUpload,
        Self::NoSuchWebsiteConfiguration,
        Self::NotImplemented,
        Self::NotModified,
        Self::ObjectDamaged,
        Self::ObjectLockConfigurationNotFoundError,
        Self::OwnershipControlsNotFoundError,
        Self::PreconditionFailed,
        Self::ReplicationConfigurationNotFoundError,
        Self::RequestTimeTooSkewed,
        Self::RequestTimeout,
        Self::ServerSideEncryptionConfigurationNotFoundError,
        Self::ServiceUnavailable,
        Self::SignatureDoesNotMatch,
        Self::SlowDown,
        Self::TooManyBuckets,
        Self::XAmzContentSHA256Mismatch,
    ];
}

#[cfg(test)]
mod tests;
