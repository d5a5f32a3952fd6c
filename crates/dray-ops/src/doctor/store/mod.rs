//! Checks an external object store with a whole upload and download, done as a server and a browser do them.

mod as_client;
mod skew;

use dray_s3::Endpoint;
use reqwest::Client;

use super::Finding;
pub(super) use as_client::failure_of;
use dray_drive::clock::Clock;
use dray_drive::parts::{Crc64, PartList};
use dray_drive::settings::{Config, S3Config};
use dray_drive::{self as drive, Error};
use dray_server::metrics::Metrics;
use dray_server::objects::{Completion, NewUpload, Objects};
use dray_server::random;

const TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);
const URL_LIFE_SECS: u32 = 900;
const FIRST_PART: usize = 5 << 20;
/// How often to try: a store may create what it needs at the first upload (Ceph RGW: a pool, which takes seconds).
const CREATE_TRIES: u32 = 10;
const CREATE_PAUSE: std::time::Duration = std::time::Duration::from_secs(2);
const KEYS_NEED: &str = "allow the keys s3:PutObject, GetObject, DeleteObject, AbortMultipartUpload, ListMultipartUploadParts on arn:aws:s3:::BUCKET/files/*, and s3:ListBucket, ListBucketMultipartUploads on the bucket";

/// Checks the store that these settings name. `page` is the origin of the page.
pub(super) async fn examine(settings: &Config, config: &S3Config, page: &str) -> Vec<Finding> {
    let mut patient = match Patient::admit(settings, config, page).await {
        Ok(patient) => patient,
        Err(finding) => return vec![finding],
    };
    if let Err(finding) = patient.examine().await {
        patient.findings.push(finding);
    }
    patient.clean_up().await;
    patient.findings
}

/// The store under examination, and the findings so far.
struct Patient<'a> {
    config: &'a S3Config,
    objects: Objects,
    /// Where clients reach the store, or this server does on their behalf.
    public: Endpoint,
    is_relayed: bool,
    http: Client,
    page: &'a str,
    clock: &'a Clock,
    key: String,
    token: String,
    findings: Vec<Finding>,
}

type Step<T = ()> = Result<T, Finding>;

impl<'a> Patient<'a> {
    async fn admit(settings: &'a Config, config: &'a S3Config, page: &'a str) -> Step<Self> {
        const WHY: &str = "the server does not start with unusable settings";
        let unusable = |err: &dyn std::fmt::Display| {
            Finding::fail("settings", WHY, err.to_string(), "see dray serve --help, \"Object store\"")
        };
        let clients = settings.clients_endpoint().map_err(|err| unusable(&err))?;
        let objects = Objects::other(config, clients.clone(), &Metrics::off().into()).await;
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        let token = random::text().map_err(|err| unusable(&err))?;
        Ok(Self {
            config,
            objects: objects.map_err(|err| unusable(&err))?,
            is_relayed: clients.is_none(),
            public: match clients {
                Some(endpoint) => endpoint,
                None => config.server_endpoint().map_err(|err| unusable(&err))?,
            },
            http: http.map_err(|err| unusable(&err))?,
            page,
            clock: &settings.clock,
            key: format!("files/dray-doctor/{token}"),
            token,
            findings: Vec::new(),
        })
    }

    async fn examine(&mut self) -> Step {
        self.credentials().await?;
        self.clock().await?;
        self.bucket().await?;
        let upload_id = self.create().await?;
        if self.is_relayed {
            let found =
                "this server passes on their requests (--s3-relay), and answers browsers' preflights itself";
            self.ok("relay", "clients put and get bytes", found);
        } else {
            self.preflight(&self.part_url(&upload_id, 1).await?).await;
        }
        let parts = self.put_parts(&upload_id).await?;
        self.list(&upload_id, &parts).await?;
        self.complete(&upload_id, &parts).await?;
        self.object().await?;
        self.range().await?;
        self.checksum().await;
        self.empty().await?;
        self.abort().await?;
        self.delete().await
    }

    fn ok(&mut self, check: &'static str, why: &'static str, found: impl Into<String>) {
        self.findings.push(Finding::ok(check, why, found));
    }

    async fn credentials(&mut self) -> Step {
        const CHECK: &str = "credentials";
        const WHY: &str = "they sign every call and every URL";
        let remedy = "give this user credentials where AWS's tools find them; `aws sts get-caller-identity` shows which they find";
        match self.objects.credentials_end(self.clock.now()).await {
            Ok(None) => self.ok(CHECK, WHY, "found; they do not expire"),
            Ok(Some(end)) => self.ok(CHECK, WHY, format!("found; they expire at {end} and are renewed")),
            Err(err) => return Err(Finding::fail(CHECK, WHY, err.to_string(), remedy)),
        }
        Ok(())
    }

    async fn bucket(&mut self) -> Step {
        const CHECK: &str = "bucket";
        const WHY: &str = "the server does not start if the bucket refuses it";
        let S3Config { bucket, path_style, .. } = self.config;
        let Err(err) = self.objects.check().await else {
            let style = if *path_style { "path" } else { "host" };
            self.ok(CHECK, WHY, format!("{bucket} answers, with its name in the {style}"));
            return Ok(());
        };
        let other_style = S3Config { path_style: !path_style, ..self.config.clone() };
        if let Ok(other) = Objects::other(&other_style, None, &Metrics::off().into()).await
            && other.check().await.is_ok()
        {
            let (place, remedy) = if *path_style {
                ("host", "leave out --s3-path-style")
            } else {
                ("path", "add --s3-path-style")
            };
            let found = format!("{bucket} answers only with its name in the {place}");
            return Err(Finding::fail("addressing style", WHY, found, remedy));
        }
        let remedy = match err {
            Error::StoreRefused { .. } => {
                "create the bucket, or correct --s3-bucket, --s3-region or the keys; they need s3:ListBucket"
            }
            _ => "set --s3-endpoint to the address at which this machine reaches the store",
        };
        Err(Finding::fail(CHECK, WHY, err.to_string(), remedy))
    }

    fn new_upload<'k>(&'k self, key: &'k str) -> NewUpload<'k> {
        let size_bytes = FIRST_PART as u64 + 1;
        NewUpload { key, mime_type: "text/plain", store_token: &self.token, size_bytes }
    }

    async fn create(&mut self) -> Step<String> {
        const CHECK: &str = "create";
        const WHY: &str = "every upload begins with it";
        let (mut tries, mut created) = (1, self.begin(&self.key).await);
        while matches!(created, Err(Error::StoreUnreachable { .. })) && tries < CREATE_TRIES {
            tokio::time::sleep(CREATE_PAUSE).await;
            (tries, created) = (tries + 1, self.begin(&self.key).await);
        }
        let upload_id = created.map_err(|err| refused(CHECK, WHY, &err))?;
        self.findings.push(if tries == 1 {
            Finding::ok(CHECK, WHY, "a multipart upload was started")
        } else {
            let remedy =
                "nothing to do if this is a new store: some stores create what they need at the first upload";
            Finding::warn(CHECK, WHY, format!("a multipart upload was started at try {tries}"), remedy)
        });
        Ok(upload_id)
    }

    async fn begin(&self, key: &str) -> drive::Result<String> {
        Ok(self.objects.create_upload(&self.new_upload(key)).await?.upload_id)
    }

    /// Uploads an empty file, as clients put it and finalize completes it.
    async fn empty(&mut self) -> Step {
        const CHECK: &str = "empty file";
        const WHY: &str = "people upload empty files too";
        let key = format!("{}-empty", self.key);
        let outcome: drive::Result<Option<u64>> = async {
            let upload_id = self.begin(&key).await?;
            self.objects.put_empty(&key, &upload_id, "text/plain", &self.token).await?;
            let size_bytes = self.objects.head(&key).await?.map(|head| head.size_bytes);
            self.objects.delete(&key).await?;
            Ok(size_bytes)
        }
        .await;
        match outcome {
            Ok(Some(0)) => {}
            Ok(Some(bytes)) => {
                let found = format!("the empty file has {bytes} bytes in the store");
                return Err(Finding::fail(CHECK, WHY, found, "use another store"));
            }
            Ok(None) => {
                return Err(Finding::fail(
                    CHECK,
                    WHY,
                    "the empty file is not in the store",
                    "use another store",
                ));
            }
            Err(err) => return Err(refused(CHECK, WHY, &err)),
        }
        self.put_nothing(&key).await?;
        self.ok(CHECK, WHY, "the empty file exists and has no bytes");
        Ok(())
    }

    async fn list(&mut self, upload_id: &str, parts: &PartList) -> Step {
        const CHECK: &str = "list";
        const WHY: &str =
            "Dray checks the stored parts before it completes an upload, and clients resume from them";
        let listed = self.objects.list_parts(&self.key, upload_id).await;
        let listed = listed.map_err(|err| refused(CHECK, WHY, &err))?;
        let held = listed.as_deref().map(|stored| parts.check_stored(stored, FIRST_PART as u64 + 1));
        match held {
            Some(Ok(())) => self.ok(CHECK, WHY, "both parts are listed, with their sizes and ETags"),
            Some(Err(err)) => {
                let remedy = "make sure that --s3-public-endpoint and --s3-endpoint lead to the same store";
                return Err(Finding::fail(CHECK, WHY, err.to_string(), remedy));
            }
            None => {
                return Err(Finding::fail(
                    CHECK,
                    WHY,
                    "the store no longer has the upload",
                    "use another store",
                ));
            }
        }
        Ok(())
    }

    async fn complete(&mut self, upload_id: &str, parts: &PartList) -> Step {
        const CHECK: &str = "complete";
        const WHY: &str = "a file exists once its parts have become one object";
        let complete =
            || self.objects.complete_upload(&self.key, upload_id, parts, FIRST_PART as u64 + 1, None);
        let size_bytes = FIRST_PART as u64 + 1;
        let first = self.objects.complete_and_look((&self.key, upload_id), parts, size_bytes, &self.token);
        first.await.map_err(|err| refused(CHECK, WHY, &err))?;
        let repeated = match complete().await {
            Completion::Done => "repeating the call succeeds",
            Completion::NoSuchUpload { .. } => "the store refuses to repeat the call, which dray handles",
            _ => "repeating the call fails, which dray handles",
        };
        self.ok(CHECK, WHY, format!("the parts are one object; {repeated}"));
        Ok(())
    }

    async fn object(&mut self) -> Step {
        const CHECK: &str = "object";
        const WHY: &str = "after a crash, size and metadata prove that an object belongs to an upload";
        let head = self.objects.head(&self.key).await;
        let head = head.map_err(|err| refused(CHECK, WHY, &err))?;
        let size_bytes = head.as_ref().map(|head| head.size_bytes);
        if size_bytes != Some(FIRST_PART as u64 + 1) {
            let found = match size_bytes {
                None => "it is not there".to_owned(),
                Some(bytes) => format!("it has {bytes} bytes, of {}", FIRST_PART + 1),
            };
            return Err(Finding::fail(CHECK, WHY, found, "use a store that is consistent after a write"));
        }
        let is_marked = head.and_then(|head| head.store_token).as_ref() == Some(&self.token);
        self.findings.push(if is_marked {
            Finding::ok(CHECK, WHY, "has its size and its metadata")
        } else {
            let remedy = "use a store that keeps x-amz-meta-…; with this one, an upload must be repeated if a crash interrupts its finalize";
            Finding::warn(CHECK, WHY, "has lost its metadata", remedy)
        });
        Ok(())
    }

    async fn checksum(&mut self) {
        const CHECK: &str = "checksum";
        const WHY: &str = "a finalize with a checksum can be proved";
        let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
        digest.update(&vec![b'a'; FIRST_PART]);
        digest.update(b"b");
        let right = Crc64::of(digest.finalize());
        let file = self.objects.whole_file(&self.key, true).await;
        let finding = match file.map(|file| file.and_then(|file| file.crc64)) {
            Ok(Some(stored)) if stored == right => {
                Finding::ok(CHECK, WHY, "the store has the CRC-64/NVME of whole objects")
            }
            Ok(Some(_)) => Finding::fail(CHECK, WHY, "the store has another checksum", "use another store"),
            Ok(None) | Err(_) => {
                let remedy = "nothing to do: `verify: true` reads the file back, which takes time";
                Finding::warn(CHECK, WHY, "the store has no CRC-64/NVME of whole objects", remedy)
            }
        };
        self.findings.push(finding);
    }

    async fn abort(&mut self) -> Step {
        const CHECK: &str = "abort";
        const WHY: &str = "parts of abandoned uploads take space until they are removed";
        let key = format!("{}-aborted", self.key);
        let outcome: drive::Result<bool> = async {
            let upload_id = self.begin(&key).await?;
            self.objects.abort_uploads_of(&key, None).await?;
            let is_found = self.objects.list_parts(&key, &upload_id).await?.is_none();
            self.objects.abort_upload(&key, &upload_id).await?;
            Ok(is_found)
        }
        .await;
        match outcome {
            Ok(true) => self.ok(CHECK, WHY, "an upload was found by its key, and is gone"),
            Ok(false) => {
                let remedy = "have the store itself end old uploads (AbortIncompleteMultipartUpload)";
                let found = "open uploads cannot be found by their key";
                self.findings.push(Finding::warn(CHECK, WHY, found, remedy));
            }
            Err(err) => return Err(refused(CHECK, WHY, &err)),
        }
        Ok(())
    }

    async fn delete(&mut self) -> Step {
        const CHECK: &str = "delete";
        const WHY: &str = "removing a file permanently must release its space";
        let outcome = match self.objects.delete(&self.key).await {
            Ok(()) => self.objects.head(&self.key).await,
            Err(err) => Err(err),
        };
        match outcome {
            Ok(None) => self.ok(CHECK, WHY, "the object is gone"),
            Ok(Some(_)) => return Err(Finding::fail(CHECK, WHY, "the object is still there", KEYS_NEED)),
            Err(err) => return Err(refused(CHECK, WHY, &err)),
        }
        Ok(())
    }

    /// Removes everything that the checks made, whatever happened before.
    async fn clean_up(&self) {
        // The keys of all steps begin with this key.
        let begun = self.objects.begun_uploads(&self.key).await.unwrap_or_default();
        let mut left = Vec::new();
        for upload in begun {
            left.push(self.objects.abort_upload(&upload.key, &upload.upload_id).await);
        }
        for key in ["", "-empty", "-empty.empty"].map(|end| format!("{}{end}", self.key)) {
            left.push(self.objects.delete(&key).await);
        }
        for err in left.into_iter().filter_map(Result::err) {
            tracing::debug!(%err, key = self.key, "something may be left");
        }
    }
}

/// The finding for a call that should have worked. The remedy depends on what the answer proves.
fn refused(check: &'static str, why: &'static str, err: &Error) -> Finding {
    let remedy = match err {
        Error::StoreLacks { .. } => "use a store that has this operation",
        Error::StoreUnreachable { .. } => {
            "make sure that the store is running, then run this again; a new store can be slow at first"
        }
        _ => KEYS_NEED,
    };
    Finding::fail(check, why, err.to_string(), remedy)
}
