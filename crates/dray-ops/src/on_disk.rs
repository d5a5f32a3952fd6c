//! The errors of this machine's files. A command works on several folders (of a backup, of a drive), so each error names its
//! path.

use std::io::ErrorKind;
use std::path::Path;

use dray_drive::Error;

/// The error for a file or folder of this machine.
pub(crate) fn on_disk(path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.display().to_string();
    move |err| match err.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull { path: path.clone() },
        _ => Error::internal(format_args!("{path}: {err}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_disk_names_the_place_and_a_full_disk_says_what_to_do() {
        let of = |kind: ErrorKind| on_disk(Path::new("/mnt/b/drive.jsonl"))(kind.into()).to_string();
        for full in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let said =
                "the disk is full at /mnt/b/drive.jsonl: free space there, and run the same command again";
            assert_eq!(of(full), said);
        }
        assert_eq!(of(ErrorKind::PermissionDenied), "/mnt/b/drive.jsonl: permission denied");
    }
}
