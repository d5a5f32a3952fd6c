//! The settings of an object store. They are read once, at `open`. No default comes from the environment.

use std::{path::PathBuf, sync::Arc, time::Duration};

/// How to open a store. [`Config::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds everything. `open` creates it (mode 0700) if it does not exist.
    pub root: PathBuf,
    /// The region that requests must be signed for.
    pub region: String,
    /// The server's own bucket, which exists from the first start on. Tools' keys may read it but not write it.
    pub bucket: String,
    /// Names that no new bucket may have, because other paths or hosts of the server begin with them.
    pub reserved_names: Vec<String>,
    /// Whether an answer waits until its bytes are on the disk (fsync). Turn it off only if losing data is acceptable.
    pub durable: bool,
    /// The largest object, in bytes; AWS allows 5 TiB.
    pub max_object_bytes: u64,
    /// Which web pages may call the store from a browser.
    pub cors_origins: CorsOrigins,
    /// Answers to signed URLs leave out the user metadata (`x-amz-meta-…`) with this name, because anybody may hold
    /// such a URL.
    pub hidden_metadata: Option<String>,
    /// The longest wait between two frames of a request body, and the time over which a body must bring 8 KiB/s.
    pub idle_timeout: Duration,
    /// How many uploads, and how many downloads, one [`crate::Caller`] may have under way.
    pub transfers_per_caller: usize,
    /// Called while downloads wait for memory that other downloads hold.
    pub when_short: WhenShort,
}

/// A function that the store calls again and again while downloads wait for memory. Answers that clients do not read
/// hold that memory. Only the owner of the connections can cut off such clients.
#[derive(Clone)]
pub struct WhenShort(Arc<dyn Fn() + Send + Sync>);

impl WhenShort {
    /// Calls `act`, which must not block.
    pub fn new(act: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(act))
    }

    pub(crate) fn tell(&self) {
        (self.0)();
    }
}

/// Does nothing.
impl Default for WhenShort {
    fn default() -> Self {
        Self::new(|| ())
    }
}

impl std::fmt::Debug for WhenShort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhenShort")
    }
}

/// The origins that the answers to cross-origin requests allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every origin: requests carry signatures, not cookies, so an origin gives no rights of its own.
    Any,
    /// These origins, as browsers send them: `https://drive.example.com`, no path, no trailing slash.
    List(Vec<String>),
}

impl Config {
    /// The defaults over `root`: region `us-east-1`, bucket `dray`, durable, 5 TiB, any origin, 60 s,
    /// 512 uploads and 512 downloads per caller.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            region: "us-east-1".to_owned(),
            bucket: "dray".to_owned(),
            reserved_names: Vec::new(),
            durable: true,
            max_object_bytes: 5 << 40,
            cors_origins: CorsOrigins::Any,
            hidden_metadata: None,
            idle_timeout: Duration::from_mins(1),
            transfers_per_caller: 512,
            when_short: WhenShort::default(),
        }
    }
}
