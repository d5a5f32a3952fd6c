//! The object store of a world: the embedded one or, if `DRAY_TEST_S3` has the address of another, a bucket called
//! `dray` there. `tests/stores/run` starts some.

use dray_server::S3Config;

#[expect(clippy::disallowed_methods, reason = "which store the tests run on is said from outside")]
pub(crate) fn other() -> Option<S3Config> {
    let endpoint = std::env::var("DRAY_TEST_S3").ok()?;
    Some(S3Config {
        endpoint: Some(endpoint),
        public_endpoint: None,
        bucket: "dray".into(),
        region: "us-east-1".into(),
        path_style: true,
    })
}
