//! Names that systems run or mount, announced as what they are and as what they are not.

use super::*;

#[test]
fn what_systems_run_or_mount_is_no_picture_and_no_document_where_types_are_limited() {
    let any: &[u8] = &std::array::from_fn::<u8, 256, _>(|at| u8::try_from(at).unwrap());
    let any_but_documents =
        ["image/*", "audio/*", "video/*", "font/*", "model/*", "application/pdf", "application/msword"];
    let ends = "lnk chm iso exe msi cpl dmg pif hta ps1 deb rpm so pyc docm xlsm img vhd vhdx sh scr jar apk msix url desktop \
        appimage command vbe wsf";
    for name in ends.split_whitespace().map(|end| format!("photo.{end}")) {
        for mime_type in ["image/x-foo", "audio/x-foo", "video/x-foo", "font/x-foo", "model/x-foo"] {
            let refused = checked(&any_but_documents, &name, mime_type, any);
            let is_refused =
                matches!(refused, Err(Error::FileTypeNotAllowed | Error::FileTypeMismatch { .. }));
            assert!(is_refused, "{name} {mime_type}: {refused:?}");
        }
        for (mime_type, head) in [
            ("image/png", PNG),
            ("video/mp4", MP4),
            ("application/pdf", PDF),
            ("application/msword", OLE_BYTES),
        ] {
            let refused = checked(&any_but_documents, &name, mime_type, head);
            assert!(refused.is_err(), "{name} {mime_type}");
        }
        assert_eq!(checked(&[], &name, "image/x-foo", any), Ok(()), "{name}: nobody asked");
    }
    for (name, mime_type, head) in [
        ("a.exe", "application/x-msdownload", EXE),
        ("a.exe", "application/x-foo", any),
        ("a.exe", MimeType::UNKNOWN, EXE),
        ("a.iso", "application/x-iso9660-image", ISO),
        (
            "a.deb",
            "application/vnd.debian.binary-package",
            b"!<arch>\ndebian-binary   0  0  0  100644  4  `\n2.0\n\xfd7zXZ\0\0",
        ),
        ("a.msi", "application/x-msi", OLE_BYTES),
        ("a.xlsm", "application/vnd.ms-excel.sheet.macroenabled.12", ZIP_BYTES),
        ("a.jar", "application/java-archive", ZIP_BYTES),
        ("a.sh", "application/x-sh", b"#!/bin/sh\nexit"),
        ("a.sh", "text/x-shellscript", b"#!/bin/sh\nexit"),
        ("a.ps1", "text/plain", b"Get-ChildItem"),
        ("a.cr2", "image/x-canon-cr2", TIFF),
        ("a.psd", "image/vnd.adobe.photoshop", PSD),
        ("a.unheard-of", "image/x-foo", any),
    ] {
        assert_eq!(
            checked(&["application/*", "text/*", "image/*"], name, mime_type, head),
            Ok(()),
            "{name} {mime_type}"
        );
    }
}
