//! The shape of a drive of any size: deep folders, wide folders, one folder with a tenth of all items, shared items,
//! and folders to move.

use dray_api::{ItemId, UserId};
use dray_ops::NewItem;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::names::Names;

/// The deepest nesting of folders (`MAX_FOLDER_DEPTH`).
const DEEP: usize = 100;
/// Outside of the special folders, there is one folder for this many items.
const ITEMS_A_FOLDER: usize = 20;
const GENERAL_DEPTH: usize = 12;
/// The maximum number of files that arrive in one folder at once.
const BURST: usize = 16;
/// The earliest creation time: items are from 2023 to 2025.
const SINCE_SECS: i64 = 1_672_531_200;
const SPAN_MS: i64 = 3 * 365 * 86_400 * 1000;

/// The owners of the items.
pub(crate) struct Owners {
    pub(crate) main: UserId,
    pub(crate) other: UserId,
    /// A user with few items of their own.
    pub(crate) small: UserId,
}

/// A folder of a plan, by its number.
type At = usize;

struct Folder {
    id: ItemId,
    parent: Option<At>,
    owner: UserId,
    depth: usize,
}

/// Files that arrive together.
struct Burst {
    folder: Option<At>,
    owner: UserId,
    files: usize,
    /// A word in their names.
    planted: Option<&'static str>,
}

/// The folders that the measurements use.
pub(crate) struct Landmarks {
    pub(crate) big: At,
    pub(crate) shared: At,
    pub(crate) moved: At,
    pub(crate) from: At,
    pub(crate) to: At,
    pub(crate) deepest: At,
    pub(crate) wide: At,
}

/// Which item is in which folder, before any item has a name.
pub(crate) struct Plan {
    rng: Rng,
    folders: Vec<Folder>,
    bursts: Vec<Burst>,
    items: usize,
    step: SignedDuration,
}

/// How many items are below the shared folder: a 20th of all, but at most 5,000.
fn shared_items(items: usize) -> usize {
    (items / 20).max(5000)
}

impl Plan {
    /// A plan with this many items, determined by `seed`.
    pub(crate) fn new(items: usize, seed: u64, owners: &Owners) -> (Self, Landmarks) {
        let step = SignedDuration::from_millis(SPAN_MS / i64::try_from(items).unwrap_or(SPAN_MS));
        let mut plan =
            Self { rng: Rng::with_seed(seed), folders: Vec::new(), bursts: Vec::new(), items: 0, step };
        let hundredth = items / 100;
        let (main, other, small) = (owners.main, owners.other, owners.small);
        let big = plan.folder(None, main);
        plan.files(Some(big), main, 10 * hundredth);
        let shared = plan.folder(None, main);
        plan.plant(shared, main, "kumquat", 10);
        plan.tree(&[shared], main, shared_items(items) - 10);
        let (from, to) = (plan.folder(None, main), plan.folder(None, main));
        let moved = plan.folder(Some(from), main);
        plan.tree(&[moved], main, hundredth);
        let deepest = plan.chain(main);
        let wide = plan.folder(None, main);
        for _ in 0..hundredth / 2 {
            let folder = plan.folder(Some(wide), main);
            plan.files(Some(folder), main, 1);
        }
        plan.files(None, small, 290);
        plan.tops(small, 10);
        let tops = plan.tops(other, 20);
        plan.plant(tops[0], other, "xylograph", 20);
        plan.tree(&tops, other, 15 * hundredth - 40);
        plan.files(None, main, 200);
        let tops = plan.tops(main, 100);
        plan.plant(tops[0], main, "zanzibar", 20);
        plan.tree(&tops, main, items - plan.items);
        plan.rng.shuffle(&mut plan.bursts);
        (plan, Landmarks { big, shared, moved, from, to, deepest, wide })
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items
    }

    pub(crate) fn id(&self, folder: At) -> ItemId {
        self.folders[folder].id
    }

    /// The items, the oldest first: all folders, then the files, in bursts in various folders.
    pub(crate) fn items<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = NewItem> + 'a {
        let mut rng = self.rng.clone();
        let mut at = self.folders.len();
        let folders = self.folders.iter().zip(0..).map(|(folder, at)| (folder, at, rng.fork()));
        let folders: Vec<_> = folders.collect();
        let folders = folders.into_iter().map(|(folder, at, mut rng)| NewItem {
            id: folder.id,
            parent: folder.parent.map(|parent| self.id(parent)),
            owner: folder.owner,
            name: names.folder(&mut rng),
            size_bytes: None,
            created_at: self.time(at),
        });
        let files = self.bursts.iter().flat_map(|burst| std::iter::repeat_n(burst, burst.files));
        folders.chain(files.map(move |burst| {
            let created_at = self.time(at);
            at += 1;
            NewItem {
                id: id(&mut rng, created_at),
                parent: burst.folder.map(|folder| self.id(folder)),
                owner: burst.owner,
                name: names.file(&mut rng, burst.planted),
                size_bytes: Some(1 << rng.u64(6..26)),
                created_at,
            }
        }))
    }

    fn time(&self, item: usize) -> Timestamp {
        let item = i32::try_from(item).unwrap_or(i32::MAX);
        Timestamp::from_second(SINCE_SECS).unwrap_or_default() + self.step * item
    }

    fn folder(&mut self, parent: Option<At>, owner: UserId) -> At {
        let at = self.folders.len();
        let time = self.time(at);
        let id = id(&mut self.rng, time);
        let depth = parent.map_or(1, |parent| self.folders[parent].depth + 1);
        self.folders.push(Folder { id, parent, owner, depth });
        self.items += 1;
        at
    }

    fn files(&mut self, folder: Option<At>, owner: UserId, mut count: usize) {
        self.items += count;
        while count > 0 {
            let files = self.rng.usize(1..=BURST).min(count);
            self.bursts.push(Burst { folder, owner, files, planted: None });
            count -= files;
        }
    }

    fn plant(&mut self, folder: At, owner: UserId, word: &'static str, count: usize) {
        self.items += count;
        let burst = || Burst { folder: Some(folder), owner, files: 1, planted: Some(word) };
        self.bursts.extend(std::iter::repeat_with(burst).take(count));
    }

    fn tops(&mut self, owner: UserId, count: usize) -> Vec<At> {
        (0..count).map(|_| self.folder(None, owner)).collect()
    }

    fn chain(&mut self, owner: UserId) -> At {
        let mut folder = self.folder(None, owner);
        for _ in 1..DEEP {
            self.files(Some(folder), owner, 2);
            folder = self.folder(Some(folder), owner);
        }
        self.files(Some(folder), owner, 2);
        folder
    }

    /// Adds exactly this many items below these folders.
    fn tree(&mut self, tops: &[At], owner: UserId, count: usize) {
        let mut places = tops.to_vec();
        let folders = count / ITEMS_A_FOLDER;
        while places.len() < folders + tops.len() {
            let parent = places[self.rng.usize(..places.len())];
            if self.folders[parent].depth < GENERAL_DEPTH {
                places.push(self.folder(Some(parent), owner));
            }
        }
        let mut left = count - folders;
        while left > 0 {
            let files = self.rng.usize(1..=BURST).min(left);
            let place = places[self.rng.usize(..places.len())];
            self.files(Some(place), owner, files);
            left -= files;
        }
    }
}

fn id(rng: &mut Rng, time: Timestamp) -> ItemId {
    ItemId::new(u32::try_from(time.as_second()).unwrap_or_default(), rng.u64(..).to_be_bytes())
}
