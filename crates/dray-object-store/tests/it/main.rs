//! The store over real HTTP: requests signed by `dray-s3`, sent by hyper to port 0.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails there")]

mod allowance;
mod buckets;
mod checksums;
mod conditions;
mod copies;
mod cors;
mod crash;
mod full;
mod harness;
mod header_lines;
mod keys;
mod limits;
mod listing;
mod metadata;
mod multipart;
mod objects;
mod pipeline;
mod refusals;
mod relay;
