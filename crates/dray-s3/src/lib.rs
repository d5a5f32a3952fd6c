//! S3 without IO: values in, values out, and time is an argument.
//!
//! Signing (`SigV4`, header and query form), verifying, the batch presigner of part URLs, the `aws-chunked`
//! body decoder, the XML of requests and answers, error codes and checksums. It must not contain sockets,
//! files, clocks, async, or any knowledge of drives.
//!
//! Protocol facts are from the AWS S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
//!
#![doc = include_str!("../README.md")]

pub mod aws_chunked;
pub mod checksum;
mod credentials;
mod encoding;
mod endpoint;
mod error;
mod error_code;
mod part_number;
mod part_presigner;
mod payload;
mod post_policy;
mod presign;
#[cfg(test)]
mod properties;
mod query;
mod sign_request;
mod signing;
mod verify;
pub mod xml;

pub use aws_chunked::{ChunkedDecoder, Trailers};
pub use credentials::Credentials;
pub use encoding::{InvalidEncoding, decode_path, encode_component, encode_path};
pub use endpoint::{AddressingStyle, Endpoint, EndpointError};
pub use error::{AuthError, S3Error};
pub use error_code::ErrorCode;
pub use part_number::{MAX_PART_NUMBER, PartNumber, PartNumberError};
pub use part_presigner::PartPresigner;
pub use payload::{ChunkSigner, Payload};
pub use post_policy::{PostPolicy, authenticate_post};
pub use presign::{
    MAX_EXPIRES_SECS, MAX_KEY_BYTES, PresignError, PresignScope, is_region, presign, presign_with_headers,
};
pub use query::Query;
pub use sign_request::{PayloadHash, SignError, SigningScope, sign_request};
pub use verify::{Authenticated, MAX_CLOCK_SKEW_SECS, RequestHead, authenticate};
