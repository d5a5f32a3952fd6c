//! Starts many files in one transaction. Their rows are `open` at once, because the store need not be asked. After a crash,
//! these rows expire.

use std::collections::BTreeMap;
use std::sync::Arc;

use dray_api::batch::{FileToPut, NewFile, Pipeline, StartFiles};
use dray_api::limits::{MAX_BATCH_FILES, MAX_FOLDER_DEPTH, MAX_PATH_BYTES, MAX_WHOLE_FILE_BYTES};
use dray_api::upload::Checksum;
use dray_api::{ItemId, UploadRowId};
use dray_s3::Endpoint;
use jiff::{SignedDuration, Timestamp};

use super::super::make_way::Lacking;
use super::super::{Made, Once, Service};
use super::folders::Folders;
use super::starting::{Begun, Draft, Starting};
use crate::drive::access::Caller;
use crate::drive::item::{Item, MimeType};
use crate::drive::name::ItemName;
use crate::drive::parts::Crc64;
use crate::drive::upload::{State, check_on_conflict};
use crate::drive::{Error, Result};
use crate::objects::UrlScope;
use dray_object_store::{die_at, pipeline};

/// The outcomes of the files of a request, in their order.
pub(crate) struct StartedFiles {
    /// One outcome for each file.
    pub(crate) files: Vec<StartedFile>,
    /// Where many of them can be sent in one request.
    pub(crate) pipeline: Option<Pipeline>,
    /// When the first of the URLs expires.
    pub(crate) expires_at: Timestamp,
}

/// The outcome of one file.
pub(crate) enum StartedFile {
    /// It must be sent.
    Upload(FileToPut),
    /// The drive has it already.
    Item(Item),
    /// It is refused.
    Refused(Error),
}

/// The folder of files that name none, or the root.
#[derive(Clone, Copy)]
struct Base(Option<ItemId>);

/// What the transactions of a request need.
#[derive(Clone)]
struct Request {
    caller: Caller,
    drafts: Arc<Vec<Result<Draft>>>,
    /// The folder of the files that name none, if there are any.
    base: Option<Base>,
    put_until: Timestamp,
    once: Once,
    now: Timestamp,
}

impl Request {
    /// The files that were refused for lack of room, if others could make way for them.
    fn lacking(&self, begun: &[Begun]) -> Option<Lacking> {
        let of = |(draft, begun): (&Result<Draft>, &Begun)| match (draft, begun) {
            (Ok(draft), Begun::Refused(err)) => Lacking::of(&self.caller, err, draft.upload.size_bytes),
            _ => None,
        };
        self.drafts.iter().zip(begun).filter_map(of).reduce(|all, one| all.and(&one))
    }
}

/// The positions of files that are begun once more, each with the item that it repairs, if it does.
type Again = BTreeMap<usize, Option<ItemId>>;

impl Service {
    /// Starts up to [`MAX_BATCH_FILES`] files, for clients that reach the store at `endpoint`. A repeat with the same key
    /// returns the uploads that were begun before, with new URLs, and tries refused files again.
    pub(crate) async fn start_files(
        &self,
        caller: &Caller,
        request: StartFiles,
        endpoint: &Endpoint,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<StartedFiles>> {
        check_count(request.files.len())?;
        check_checksums(request.files.iter().map(|file| file.checksum.as_ref()))?;
        check_on_conflict(caller, request.on_conflict)?;
        let base = request.parent_id;
        // With a grant, the grant's folder is used instead.
        let is_base_used =
            caller.grant().is_none() && request.files.iter().any(|file| file.parent_id.is_none());
        let draft = |file: NewFile| {
            let mut draft = self.draft(caller, file, base, now)?;
            draft.upload.on_conflict = request.on_conflict;
            Ok(draft)
        };
        let drafts: Vec<Result<Draft>> = request.files.into_iter().map(draft).collect();
        let life = SignedDuration::from_secs(self.url_ttl_secs.into());
        let put_until = now.checked_add(life).map_err(Error::internal)?;
        let (drafts, base) = (Arc::new(drafts), is_base_used.then_some(Base(base)));
        let request = Request { caller: *caller, drafts, base, put_until, once, now };
        let (begun, is_repeat) = self.begin_files(request.clone(), None).await?;
        let mut begun: Vec<Begun> = begun.into_iter().map(|(_, begun)| begun).collect();
        if let Some(lacking) = request.lacking(&begun)
            && self.make_way(caller, lacking, now).await?
        {
            let refused =
                |(at, begun): (usize, &Begun)| matches!(begun, Begun::Refused(_)).then_some((at, None));
            let again = begun.iter().enumerate().filter_map(refused).collect();
            self.begin_again(request.clone(), again, &mut begun).await?;
        }
        die_at("W1");
        let lost = self.check_there(&mut begun).await;
        if !lost.is_empty() {
            let again = lost.into_iter().map(|(at, item)| (at, Some(item))).collect();
            self.begin_again(request, again, &mut begun).await?;
        }
        let answer = self.sign_files(begun, endpoint, put_until).await?;
        Ok(Made { answer, is_repeat })
    }

    /// Begins some files of a request once more.
    async fn begin_again(&self, request: Request, again: Again, begun: &mut [Begun]) -> Result<()> {
        for (at, outcome) in self.begin_files(request, Some(again)).await?.0 {
            begun[at] = outcome;
        }
        Ok(())
    }

    /// Begins the files of a request, or only those in `again`. Returns each with its position, and whether an earlier
    /// request with the same key has begun them.
    async fn begin_files(
        &self,
        request: Request,
        again: Option<Again>,
    ) -> Result<(Vec<(usize, Begun)>, bool)> {
        let _turn = self.turn(&request.caller).await?;
        let service = self.clone();
        let begun = self.db.write(move |c| {
            let Request { caller, drafts, base, put_until, once, now } = &request;
            let now = *now;
            let mut folders = Folders::new(c, &service, caller, now);
            let before: Option<Vec<Option<UploadRowId>>> = once.answered(c, caller, now)?;
            if let (Some(Base(folder)), None) = (base, &before) {
                folders.check(*folder, 0)?;
            }
            let mut starting = Starting::new(c, &service, caller, *put_until, folders);
            starting.lock(drafts)?;
            let mut ids = before.clone().unwrap_or_default();
            ids.resize(drafts.len(), None);
            let mut begun = Vec::with_capacity(drafts.len());
            for (at, draft) in drafts.iter().enumerate() {
                let once_more = again.as_ref().map(|again| again.get(&at).copied());
                if once_more != Some(None) {
                    let repairs = once_more.flatten().flatten();
                    let outcome = starting.begin(draft, ids[at], repairs, now)?;
                    ids[at] = ids[at].or(outcome.upload_id());
                    begun.push((at, outcome));
                }
            }
            if before.as_ref() != Some(&ids) {
                once.keep_answer(c, caller, now, &ids)?;
            }
            Ok((begun, before.is_some()))
        });
        begun.await
    }

    /// Checks what can be checked without the database.
    fn draft(&self, caller: &Caller, file: NewFile, base: Option<ItemId>, now: Timestamp) -> Result<Draft> {
        let (folders, name) = parse_path(file.path)?;
        let mime_type = MimeType::parse(file.mime_type)?;
        if file.file_size > MAX_WHOLE_FILE_BYTES {
            let (size_bytes, limit_bytes) = (file.file_size, MAX_WHOLE_FILE_BYTES);
            return Err(Error::FileTooLarge { size_bytes, limit_bytes });
        }
        self.rules.check_size(file.file_size)?;
        if caller.grant().is_some() && !folders.is_empty() {
            return Err(Error::field(
                "path",
                "must be a name without folders, because a grant creates no folders",
            ));
        }
        let mut upload = self.new_upload(caller, name, mime_type, file.file_size, now)?;
        self.rules.check_type(&upload.name, &upload.mime_type)?;
        upload.parent = file.parent_id.or(base);
        upload.crc64 = file.checksum.map(Crc64::parse).transpose()?;
        upload.put_key = Some(self.objects.put_key(&upload.object_key));
        upload.store_upload_id = Some(upload.id.to_string());
        upload.state = State::Open;
        Ok(Draft { upload, folders })
    }

    async fn sign_files(
        &self,
        begun: Vec<Begun>,
        endpoint: &Endpoint,
        mut expires_at: Timestamp,
    ) -> Result<StartedFiles> {
        let mut files = Vec::with_capacity(begun.len());
        let signed = begun.iter().filter(|begun| matches!(begun, Begun::Upload(_))).count();
        for file in begun {
            files.push(match file {
                Begun::Refused(err) => StartedFile::Refused(err),
                Begun::Item(item) | Begun::There(item, _) => StartedFile::Item(item),
                Begun::Upload(upload) => {
                    let scope = UrlScope {
                        endpoint,
                        key: upload.put_key.as_deref().unwrap_or(&upload.object_key),
                        now: self.clock.machine_now(),
                        expires_secs: self.url_ttl_secs,
                    };
                    let put = self.objects.presign_put(&scope, &upload).await?;
                    expires_at = expires_at.min(put.expires_at);
                    StartedFile::Upload(FileToPut {
                        upload_id: upload.store_upload_id.unwrap_or_default(),
                        file_key: upload.object_key,
                        parent_id: upload.parent,
                        url: put.url,
                        headers: put
                            .headers
                            .into_iter()
                            .map(|(name, value)| (name.to_owned(), value))
                            .collect(),
                    })
                }
            });
        }
        self.metrics.part_urls.increment(signed as u64);
        let now = self.clock.machine_now();
        let scope = UrlScope { endpoint, key: "", now, expires_secs: self.url_ttl_secs };
        let url = if signed > 0 { self.objects.presign_pipeline(&scope).await? } else { None };
        let pipeline =
            url.map(|url| Pipeline { url, max_files: pipeline::MAX_FILES, max_bytes: pipeline::MAX_BYTES });
        Ok(StartedFiles { files, pipeline, expires_at })
    }
}

/// The number of files that a request may have.
pub(super) fn check_count(count: usize) -> Result<()> {
    if (1..=MAX_BATCH_FILES).contains(&count) {
        Ok(())
    } else {
        Err(Error::field("files", format!("must list 1 to {MAX_BATCH_FILES} files, not {count}")))
    }
}

/// Refuses the whole request if a checksum in it is malformed, because the API's document does not allow such a body.
pub(super) fn check_checksums<'a>(checksums: impl Iterator<Item = Option<&'a Checksum>>) -> Result<()> {
    for (at, checksum) in checksums.enumerate() {
        if let Some(Err(Error::InvalidField { rule, .. })) = checksum.map(|one| Crc64::parse(one.clone())) {
            return Err(Error::InvalidField { field: format!("files[{at}].checksum.crc64nvme"), rule });
        }
    }
    Ok(())
}

/// The folders of a path, and the name at its end.
fn parse_path(path: String) -> Result<(Vec<String>, ItemName)> {
    if path.len() > MAX_PATH_BYTES {
        let rule = format!("must be at most {MAX_PATH_BYTES} bytes").into();
        return Err(Error::InvalidName { field: "path", rule });
    }
    let Some((folders, name)) = path.rsplit_once('/') else {
        return Ok((Vec::new(), ItemName::parse("path", path)?));
    };
    let name = ItemName::parse("path", name.to_owned())?;
    let segment = |name: &str| ItemName::parse("path", name.to_owned()).map(ItemName::into_string);
    let folders = folders.split('/').map(segment).collect::<Result<Vec<_>>>()?;
    if folders.len() > MAX_FOLDER_DEPTH as usize {
        return Err(Error::TooDeep { field: "path", limit: MAX_FOLDER_DEPTH });
    }
    Ok((folders, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_folders_and_a_name_each_of_which_follows_the_rules_of_names() {
        let parse =
            |path: &str| parse_path(path.to_owned()).map(|(folders, name)| (folders, name.into_string()));
        assert_eq!(parse("a.txt"), Ok((vec![], "a.txt".to_owned())));
        assert_eq!(parse("a/ b/c"), Ok((vec!["a".to_owned(), " b".to_owned()], "c".to_owned())));
        for wrong in ["", "/", "/a", "a/", "a//b", "./a", "a/../b", "a\\b", "a/\u{202e}/b", "a/b\n"] {
            assert!(matches!(parse(wrong), Err(Error::InvalidName { field: "path", .. })), "{wrong:?}");
        }
        let deep = |levels: usize| format!("{}f", "a/".repeat(levels));
        assert!(parse(&deep(100)).is_ok());
        assert_eq!(parse(&deep(101)), Err(Error::TooDeep { field: "path", limit: 100 }));
        assert!(parse(&"é".repeat(4097)).is_err());
    }
}
