//! What became of an object that a command copies, and the sums that people are told.

use serde::Serialize;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Copied {
    /// Rows of the database.
    pub rows: u64,
    /// Objects that items refer to.
    pub objects: u64,
    /// How many of them the target had already.
    pub kept: u64,
    /// How many of them are missing everywhere.
    pub missing: u64,
    /// How many of them have other bytes than they should have, and this command could not repair that.
    pub damaged: u64,
    /// How many of them could not be read or written, although the store works.
    pub failed: u64,
    /// Files that a backup removed from its folder, because no list names them any more.
    pub removed: u64,
    /// Bytes that were copied.
    pub bytes: u64,
    /// Bytes of all objects so far, copied or not.
    #[serde(skip)]
    pub seen_bytes: u64,
}

/// What a long command tells while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// What it is going to do: the number of objects, and how many bytes they have.
    Plan {
        /// How many objects.
        objects: u64,
        /// How many bytes they have in total.
        bytes: u64,
    },
    /// What it has done so far.
    Progress(&'a Copied),
    /// Which object is missing, damaged or cannot be read, for people.
    Trouble(&'a str),
}

/// The outcome for one object. A text says for people which object it is.
pub(crate) enum Outcome {
    Copied,
    Kept,
    /// It was copied, and people should know something about it: it was damaged before, or nothing proves its bytes.
    CopiedBut(String),
    Missing(String),
    Damaged(String),
    /// It could not be read or written.
    Failed(String),
}

impl Outcome {
    /// What people should know about it.
    fn trouble(&self) -> Option<&str> {
        match self {
            Self::Copied | Self::Kept => None,
            Self::CopiedBut(text) | Self::Missing(text) | Self::Damaged(text) | Self::Failed(text) => {
                Some(text)
            }
        }
    }
}

impl Copied {
    /// Counts an object, and tells about it.
    pub(crate) fn count(&mut self, outcome: &Outcome, size_bytes: u64, tell: &mut impl FnMut(Told<'_>)) {
        self.objects += 1;
        self.seen_bytes += size_bytes;
        match outcome {
            Outcome::Copied | Outcome::CopiedBut(_) => self.bytes += size_bytes,
            Outcome::Kept => self.kept += 1,
            Outcome::Missing(_) => self.missing += 1,
            Outcome::Damaged(_) => self.damaged += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
        if let Some(trouble) = outcome.trouble() {
            tell(Told::Trouble(trouble));
        }
        tell(Told::Progress(self));
    }
}
