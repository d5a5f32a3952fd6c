//! Uploads several paths, folders included. It decides which folders to create and which files to send, and makes one
//! report for each. A failure stops only what is below it.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use dray_api::{ErrorCode, Item, ItemId, NewFolder};
use futures_util::{StreamExt, stream};
use walkdir::WalkDir;

use crate::blocking::blocking;
use crate::error::Error;
use crate::upload::Uploader;
use crate::upload::batch::{BATCHES_AT_ONCE, FEWEST, SMALL_BYTES, SmallFile, batches};
use crate::upload::source::Place;

/// How many folders are created at once.
const FOLDERS_AT_ONCE: usize = 4;

/// The outcome of one path.
#[derive(Debug)]
pub struct Report {
    /// The path, as it was given or found.
    pub path: PathBuf,
    /// The outcome.
    pub outcome: Outcome,
}

/// See [`Report`].
#[derive(Debug)]
pub enum Outcome {
    /// It is in the drive, as this file or folder.
    Uploaded(Item),
    /// It was found in a folder and is neither a file nor a folder: a symbolic link, a socket, a device.
    Skipped,
    /// It was not uploaded.
    Failed(Error),
}

/// Something to create in the drive.
struct Job {
    place: Place,
    name: String,
    /// Index in [`Plan::folders`] of the folder that it goes to; `None` means the upload's own parent.
    parent: Option<usize>,
    /// A file's size when it was found.
    size_bytes: u64,
}

/// The folders and files below the paths. A folder comes before its content.
#[derive(Default)]
struct Plan {
    folders: Vec<Job>,
    /// How many folders are above each folder, in the order of `folders`.
    depths: Vec<usize>,
    files: Vec<Job>,
    bytes: u64,
    reports: Vec<Report>,
}

impl Uploader {
    /// Uploads files and folders into `parent` (`None` means the root), and reports each as it ends. Symbolic links
    /// are followed if a path names one, but not below.
    pub async fn upload(&self, paths: &[PathBuf], parent: Option<ItemId>, mut report: impl FnMut(Report)) {
        let paths = paths.to_owned();
        let plan = blocking(move || Plan::of(&paths)).await;
        self.progress.expect(plan.bytes);
        plan.reports.into_iter().for_each(&mut report);
        let made = self.make_folders(&plan.folders, &plan.depths, parent, &mut report).await;
        let is_small = |job: &Job| job.size_bytes <= SMALL_BYTES;
        let are_many = plan.files.iter().filter(|job| is_small(job)).count() >= FEWEST;
        let (small, large): (Vec<_>, Vec<_>) =
            plan.files.into_iter().partition(|job| are_many && !self.resumes() && is_small(job));
        let mut files = Vec::with_capacity(small.len());
        for job in small {
            match job.parent_id(parent, &made) {
                Ok(parent) => files.push(job.small_file(parent)),
                Err(error) => report(Report::of(job.path().to_owned(), Err(error))),
            }
        }
        let left = self.upload_files(files, large, (parent, &made[..]), &mut report).await;
        // These files are sent now, when no batch uses up the room that they need.
        let alone = stream::iter(&left).map(|file| self.upload_alone(file));
        let mut done = pin!(alone.buffer_unordered(self.files_at_once()));
        while let Some(one) = done.next().await {
            report(one);
        }
    }

    /// Uploads small files in batches, and large ones at the same time. Returns the files for which the server had no room.
    async fn upload_files(
        &self,
        small: Vec<SmallFile>,
        large: Vec<Job>,
        (parent, made): (Option<ItemId>, &[Option<ItemId>]),
        report: &mut impl FnMut(Report),
    ) -> Vec<SmallFile> {
        let batches = stream::iter(batches(small)).map(async |batch| {
            let (outcomes, left) = self.upload_batch(batch).await;
            (outcomes.into_iter().map(|(path, result)| Report::of(path, result)).collect::<Vec<_>>(), left)
        });
        let large = stream::iter(large).map(async |job: Job| {
            let one = self.upload_job(&job, parent, made).await;
            match job.parent_id(parent, made) {
                Ok(parent) if one.is_for_want_of_room() => (Vec::new(), vec![job.small_file(parent)]),
                _ => (vec![one], Vec::new()),
            }
        });
        let large = large.buffer_unordered(self.files_at_once());
        let mut done = pin!(stream::select(batches.buffer_unordered(BATCHES_AT_ONCE), large));
        let mut all_left = Vec::new();
        while let Some((reports, left)) = done.next().await {
            reports.into_iter().for_each(&mut *report);
            all_left.extend(left);
        }
        all_left
    }

    /// Twice as many files as slots, so that one file's calls overlap other files' parts.
    fn files_at_once(&self) -> usize {
        self.parallel.get().saturating_mul(2)
    }

    async fn upload_alone(&self, file: &SmallFile) -> Report {
        let sent = self.upload_place(&file.place, &file.name, file.parent).await;
        Report::of(file.place.path().to_owned(), sent)
    }

    /// Creates the folders, one level after the other. Returns their ids, and `None` for a folder that could not be
    /// created.
    async fn make_folders(
        &self,
        folders: &[Job],
        depths: &[usize],
        parent: Option<ItemId>,
        report: &mut impl FnMut(Report),
    ) -> Vec<Option<ItemId>> {
        let mut made = vec![None; folders.len()];
        for depth in 0..=depths.iter().copied().max().unwrap_or(0) {
            let level = folders.iter().enumerate().filter(|(index, _)| depths[*index] == depth);
            let results: Vec<_> = stream::iter(level)
                .map(|(index, job)| {
                    let parent = job.parent_id(parent, &made);
                    async move { (index, self.make_folder(job, parent).await) }
                })
                .buffer_unordered(FOLDERS_AT_ONCE)
                .collect()
                .await;
            for (index, result) in results {
                made[index] = result.as_ref().ok().map(|item| item.id);
                report(Report::of(folders[index].path().to_owned(), result));
            }
        }
        made
    }

    async fn make_folder(&self, job: &Job, parent: Result<Option<ItemId>, Error>) -> Result<Item, Error> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        self.client.create_folder(&NewFolder { name: job.name.clone(), parent_id: parent? }).await
    }

    async fn upload_job(&self, job: &Job, parent: Option<ItemId>, made: &[Option<ItemId>]) -> Report {
        let result = match job.parent_id(parent, made) {
            Ok(parent) => self.upload_place(&job.place, &job.name, parent).await,
            Err(error) => Err(error),
        };
        Report::of(job.path().to_owned(), result)
    }
}

impl Report {
    /// Whether the file failed because the user has too many unfinished uploads. These may belong to this very upload.
    fn is_for_want_of_room(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(error) if error.code() == Some(ErrorCode::TooManyUploads))
    }

    fn of(path: PathBuf, result: Result<Item, Error>) -> Self {
        let outcome = match result {
            Ok(item) => Outcome::Uploaded(item),
            Err(error) => Outcome::Failed(error),
        };
        Self { path, outcome }
    }
}

impl Job {
    fn path(&self) -> &Path {
        self.place.path()
    }

    fn small_file(self, parent: Option<ItemId>) -> SmallFile {
        SmallFile { place: self.place, name: self.name, parent, size_bytes: self.size_bytes }
    }

    /// The id of the folder that it goes to, among the created ones.
    fn parent_id(&self, root: Option<ItemId>, made: &[Option<ItemId>]) -> Result<Option<ItemId>, Error> {
        match self.parent {
            None => Ok(root),
            Some(index) => match made[index] {
                Some(id) => Ok(Some(id)),
                None => Err(Error::NoFolder { path: self.path().to_owned() }),
            },
        }
    }
}

impl Plan {
    fn of(paths: &[PathBuf]) -> Self {
        let mut plan = Self::default();
        for path in paths {
            if let Err(error) = plan.add(path) {
                plan.fail(path.clone(), error);
            }
        }
        plan
    }

    fn fail(&mut self, path: PathBuf, error: Error) {
        self.reports.push(Report { path, outcome: Outcome::Failed(error) });
    }

    /// Adds everything that one of the caller's paths names.
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let metadata = std::fs::metadata(path).map_err(Error::io(path))?;
        if metadata.is_file() {
            self.bytes += metadata.len();
            let place = Place::Named(path.to_owned());
            let size_bytes = metadata.len();
            self.files.push(Job { place, name: own_name(path)?, parent: None, size_bytes });
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(Error::NotAFile { path: path.to_owned() });
        }
        self.add_folder(path)
    }

    fn add_folder(&mut self, root: &Path) -> Result<(), Error> {
        // `.` and `..` have names too: those of the folders that they stand for.
        let root_name = match own_name(root) {
            Ok(name) => name,
            Err(_) => own_name(&root.canonicalize().map_err(Error::io(root))?)?,
        };
        // For each depth, the index of the current folder.
        let mut above: Vec<usize> = Vec::new();
        let top: Arc<Path> = root.into();
        let mut walk = WalkDir::new(root).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.fail_walk(root, error);
                    continue;
                }
            };
            above.truncate(entry.depth());
            let is_folder = entry.file_type().is_dir() || entry.depth() == 0;
            let path = entry.path().to_owned();
            let name = if entry.depth() == 0 { Ok(root_name.clone()) } else { own_name(&path) };
            let name = match name {
                Ok(name) => name,
                Err(error) => {
                    self.fail(path, error);
                    if is_folder {
                        walk.skip_current_dir();
                    }
                    continue;
                }
            };
            let place = Place::Found { root: Arc::clone(&top), path };
            let mut job = Job { place, name, parent: above.last().copied(), size_bytes: 0 };
            if is_folder {
                above.push(self.folders.len());
                self.folders.push(job);
                self.depths.push(entry.depth());
            } else if entry.file_type().is_file() {
                job.size_bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                self.bytes += job.size_bytes;
                self.files.push(job);
            } else {
                self.reports.push(Report { path: job.path().to_owned(), outcome: Outcome::Skipped });
            }
        }
        Ok(())
    }

    fn fail_walk(&mut self, root: &Path, error: walkdir::Error) {
        let path = error.path().unwrap_or(root).to_owned();
        let error = Error::io(&path)(error.into());
        self.fail(path, error);
    }
}

/// The last component, if the drive could hold it.
fn own_name(path: &Path) -> Result<String, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| Error::Nameless { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn paths_of(root: &Path, jobs: &[Job]) -> Vec<String> {
        jobs.iter().map(|job| job.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_tree_is_planned_with_folders_first_and_links_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("t/b/c")).unwrap();
        std::fs::create_dir_all(root.join("t/d")).unwrap();
        for (path, content) in [("t/1", "1"), ("t/b/c/2", "22"), ("t/d/3", "333"), ("4", "4444")] {
            std::fs::write(root.join(path), content).unwrap();
        }
        std::os::unix::fs::symlink("/", root.join("t/link")).unwrap();
        let plan = Plan::of(&[root.join("t"), root.join("4")]);
        assert_eq!(paths_of(root, &plan.folders), ["t", "t/b", "t/b/c", "t/d"]);
        assert_eq!(plan.depths, [0, 1, 2, 1]);
        assert_eq!(
            plan.folders.iter().map(|job| job.parent).collect::<Vec<_>>(),
            [None, Some(0), Some(1), Some(0)]
        );
        assert_eq!(paths_of(root, &plan.files), ["t/1", "t/b/c/2", "t/d/3", "4"]);
        assert_eq!(
            plan.files.iter().map(|job| job.parent).collect::<Vec<_>>(),
            [Some(0), Some(2), Some(3), None]
        );
        assert_eq!(plan.bytes, 10);
        assert!(
            matches!(&plan.reports[..], [Report { path, outcome: Outcome::Skipped }] if path.ends_with("link"))
        );
    }

    #[test]
    fn a_path_without_a_unicode_name_fails_with_everything_below_it_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let bad = folder.path().join(OsStr::from_bytes(b"bad\xff"));
        std::fs::create_dir(&bad).unwrap();
        std::fs::write(bad.join("below"), "").unwrap();
        std::fs::write(folder.path().join("good"), "").unwrap();
        let plan = Plan::of(&[folder.path().to_owned()]);
        assert_eq!(paths_of(folder.path(), &plan.files), ["good"]);
        assert!(
            matches!(&plan.reports[..], [Report { path, outcome: Outcome::Failed(Error::Nameless { .. }) }] if *path == bad)
        );
    }

    #[test]
    fn a_folder_named_by_a_dot_has_its_own_name() {
        let plan = Plan::of(&[PathBuf::from(".")]);
        assert_eq!(plan.folders[0].name, "dray-client");
    }

    #[test]
    fn a_missing_path_fails() {
        let plan = Plan::of(&[PathBuf::from("no/such/path")]);
        assert!(matches!(&plan.reports[..], [Report { outcome: Outcome::Failed(Error::Io { .. }), .. }]));
    }
}
