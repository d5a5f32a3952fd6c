//! What an earlier backup left in the folder and the present one does not name: files that were removed from the drive for
//! good, and those that an interrupted backup did not finish.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dray_drive::item::workspace_of_key;

use crate::outcome::Told;

/// Removes the files below `objects` whose keys are not among `named`, and returns how many. It leaves alone what is not
/// below a workspace's folder, because Dray did not write it, and whatever is no ordinary file. A file that cannot be
/// removed is told, and does not stop the others: the next backup tries again.
pub(crate) fn remove(objects: &Path, named: &BTreeSet<String>, tell: &mut impl FnMut(Told<'_>)) -> u64 {
    let (mut folders, mut emptied, mut removed) = (vec![objects.to_owned()], BTreeSet::new(), 0);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_unnamed(objects, &path, named) {
                match std::fs::remove_file(&path) {
                    Ok(()) => {
                        removed += 1;
                        emptied.insert(folder.clone());
                    }
                    Err(err) => {
                        let what =
                            format!("{}: no list names it, and it was not removed: {err}", path.display());
                        tell(Told::Trouble(&what));
                    }
                }
            }
        }
    }
    for folder in &emptied {
        remove_empty(folder, objects);
    }
    removed
}

fn is_unnamed(objects: &Path, path: &Path, named: &BTreeSet<String>) -> bool {
    let key = path.strip_prefix(objects).ok().and_then(Path::to_str);
    key.is_some_and(|key| workspace_of_key(key).is_some() && !named.contains(key))
}

/// Removes a folder and those above it, up to `objects`, as long as they are empty.
fn remove_empty(folder: &Path, objects: &Path) {
    let above = folder.ancestors().take_while(|above| *above != objects);
    for folder in above.map(PathBuf::from) {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
}
