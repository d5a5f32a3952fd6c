//! dray-s3
