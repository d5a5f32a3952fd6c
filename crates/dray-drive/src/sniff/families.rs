//! Which MIME types are several names of one format or of one container, so that a signature cannot distinguish them. All names
//! here are without `x-`. It knows no bytes.

use crate::extension::Extension;

/// The family of text, and those of containers that many formats use.
pub(super) const TEXT: &str = "text";
pub(super) const ZIP: &str = "application/zip";
pub(super) const OLE: &str = "application/ole-storage";
pub(super) const GZIP: &str = "application/gzip";
pub(super) const DER: &str = "application/x509-ca-cert";
pub(super) const MP4: &str = "video/mp4";
pub(super) const MP3: &str = "audio/mpeg";
pub(super) const PDF: &str = "application/pdf";
pub(super) const POSTSCRIPT: &str = "application/postscript";
pub(super) const ARCHIVE: &str = "application/unix-archive";

/// Formats that always begin with a known signature: a file without it does not have the format.
const FIRM: &[&[&str]] = &[
    &["image/png", "image/apng", "image/vnd.mozilla.apng"],
    &["image/jpeg", "image/jpg", "image/pjpeg", "image/jfif", "image/jpe", "image/citrix-jpeg"],
    &["image/gif"],
    &["image/webp"],
    &[
        "image/bmp",
        "image/ms-bmp",
        "image/windows-bmp",
        "image/bitmap",
        "image/win-bitmap",
        "application/bmp",
    ],
    &["image/vnd.microsoft.icon", "image/icon", "image/ico", "application/ico"],
    &["image/avif", "image/avif-sequence"],
    &["image/heif", "image/heic", "image/heif-sequence", "image/heic-sequence"],
    &["image/tiff", "image/tif", "application/tiff", "application/tif"],
    &[
        "image/jp2",
        "image/jpeg2000",
        "image/jpeg2000-image",
        "image/j2c",
        "image/j2k",
        "image/jpx",
        "image/jpm",
    ],
    &["image/vnd.ms-photo", "image/jxr"],
    &[
        "image/vnd.adobe.photoshop",
        "image/psd",
        "image/photoshop",
        "application/photoshop",
        "application/psd",
    ],
    &["image/vnd.djvu", "image/djvu", "image/vnd.djvu+multipage"],
    &[
        MP4,
        "video/m4v",
        "video/quicktime",
        "video/3gpp",
        "video/3gpp2",
        "video/3gp",
        "video/f4v",
        "audio/mp4",
        "audio/m4a",
        "audio/m4b",
        "audio/m4p",
        "audio/m4r",
        "audio/mp4a-latm",
        "audio/3gpp",
        "audio/3gpp2",
        "audio/vnd.audible.aax",
        "application/mp4",
    ],
    &[
        "video/webm",
        "audio/webm",
        "video/matroska",
        "audio/matroska",
        "video/matroska-3d",
        "application/matroska",
    ],
    &[
        "audio/ogg",
        "audio/opus",
        "video/ogg",
        "application/ogg",
        "audio/vorbis",
        "audio/speex",
        "audio/vorbis+ogg",
    ],
    &["audio/wav", "audio/wave", "audio/vnd.wave", "audio/pn-wav"],
    &[MP3, "audio/mp3", "audio/mpeg3", "audio/mpg", "audio/mp2", "audio/mpegaudio", "audio/mpa"],
    &["audio/flac"],
    &["audio/midi", "audio/mid", "audio/sp-midi", "application/midi", "music/midi", "audio/kar"],
    &["audio/aiff", "audio/aif", "audio/aifc"],
    &["audio/aac", "audio/aacp", "audio/vnd.dlna.adts", "audio/hx-aac-adts"],
    &["audio/amr", "audio/amr-wb", "audio/amr-nb"],
    &["video/msvideo", "video/avi", "video/vnd.avi", "video/divx", "application/troff-msvideo"],
    &["video/ms-wmv", "video/ms-asf", "video/ms-wm", "audio/ms-wma", "application/vnd.ms-asf"],
    &["video/flv"],
    &[
        "video/mpeg",
        "video/mp2t",
        "video/vnd.dlna.mpeg-tts",
        "video/mpg",
        "video/mpeg2",
        "video/mp2p",
        "video/mp1s",
    ],
    &[
        GZIP,
        "application/gzip-compressed",
        "application/gtar",
        "application/compressed-tar",
        "application/tgz",
        "application/gunzip",
    ],
    &[
        "application/bzip2",
        "application/bzip",
        "application/bz2",
        "application/bzip-compressed-tar",
        "application/bzip2-compressed-tar",
    ],
    &["application/xz", "application/xz-compressed-tar"],
    &["application/zstd", "application/zstd-compressed-tar"],
    &["application/lzip", "application/lzip-compressed-tar"],
    &["application/7z-compressed", "application/7z"],
    &["application/vnd.rar", "application/rar", "application/rar-compressed"],
    &["application/vnd.ms-cab-compressed", "application/cab-compressed", "application/cab"],
    &["application/vnd.debian.binary-package", "application/deb", "application/debian-package"],
    &["application/rpm", "application/redhat-package-manager"],
    &[POSTSCRIPT, "application/eps", "image/eps", "application/illustrator"],
    &[PDF, "application/acrobat", "application/nappdf", "image/pdf", "text/pdf"],
    &[
        "application/vnd.microsoft.portable-executable",
        "application/msdownload",
        "application/dosexec",
        "application/msdos-program",
        "application/exe",
        "application/winexe",
    ],
    &[
        "application/executable",
        "application/elf",
        "application/sharedlib",
        "application/pie-executable",
        "application/object",
    ],
    &["application/mach-binary", "application/mach-o-executable"],
    &[
        "application/java",
        "application/java-vm",
        "application/java-class",
        "application/java-byte-code",
        "application/java-applet",
    ],
    &["application/shockwave-flash", "application/vnd.adobe.flash.movie"],
    &["application/vnd.sqlite3", "application/sqlite3", "application/sqlite"],
    &["application/font-woff", "font/woff", "font/woff2", "application/font-woff2", "application/woff"],
    &[
        "application/font-sfnt",
        "font/ttf",
        "font/otf",
        "font/sfnt",
        "font/collection",
        "application/font-ttf",
        "application/font-otf",
        "application/font-truetype",
        "application/font-opentype",
        "application/vnd.ms-opentype",
    ],
];
/// Formats that may also begin in ways that no signature shows.
const SOFT: &[&[&str]] = &[
    &[
        DER,
        "application/pkix-cert",
        "application/pem-file",
        "application/x509-user-cert",
        "application/pkcs12",
    ],
    &["application/vnd.ms-fontobject"],
    &["application/mobipocket-ebook", "application/vnd.amazon.ebook", "application/vnd.amazon.mobi8-ebook"],
    &["application/tar"],
    &["application/cpio"],
    &["application/compress"],
    &[ARCHIVE, "application/archive"],
    &["application/dicom"],
    &["application/nintendo-nes-rom"],
    &["application/octet-stream"],
];
/// Formats inside a ZIP archive (the first six may hold programs), besides those named `…+zip`, `vnd.openxmlformats-…`, `vnd.oasis.…`.
pub(super) const ZIPPED: &[&str] = &[
    ZIP,
    "application/zip-compressed",
    "application/java-archive",
    "application/jar",
    "application/vnd.android.package-archive",
    "application/xpinstall",
    "image/openraster",
    "application/vnd.google-earth.kmz",
    "application/cbz",
    "application/vnd.comicbook-zip",
    "application/vnd.sketch",
    "application/vnd.apple.pages",
    "application/vnd.apple.numbers",
    "application/vnd.apple.keynote",
    "application/vnd.sun.xml.writer",
    "application/vnd.sun.xml.calc",
    "application/vnd.sun.xml.impress",
];
/// Formats inside an OLE compound file. The first ones always are.
const COMPOUND: &[&str] = &[
    OLE,
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    "application/msi",
    "application/ms-installer",
    "application/vnd.visio",
    "application/vnd.ms-works",
];
/// How many of [`COMPOUND`] are never anything else.
const FIRM_COMPOUND: usize = 4;
/// Types that may be text although their names do not say so: images, sounds and lists of them.
const MAY_BE_TEXT: &[&str] = &[
    "image/xbitmap",
    "image/xbm",
    "image/xpixmap",
    "image/xpm",
    "image/portable-bitmap",
    "image/portable-graymap",
    "image/portable-pixmap",
    "image/portable-anymap",
    "image/vnd.dxf",
    "image/dxf",
    "image/fits",
    "image/vnd.radiance",
    "image/cgm",
    "audio/mpegurl",
    "audio/scpls",
    "audio/pn-realaudio",
    "video/vnd.mpegurl",
    "font/bdf",
    "font/pcf",
];
/// Formats that use the container of another family, each with that family.
const CONTAINED: &[(&str, &[&str])] = &[
    (
        "image/tiff",
        &[
            "image/canon-cr2",
            "image/adobe-dng",
            "image/dng",
            "image/nikon-nef",
            "image/nikon-nrw",
            "image/sony-arw",
            "image/sony-sr2",
            "image/sony-srf",
            "image/pentax-pef",
            "image/kodak-dcr",
            "image/kodak-k25",
            "image/kodak-kdc",
            "image/epson-erf",
            "image/samsung-srw",
        ],
    ),
    (MP4, &["image/canon-cr3", "image/heif", "image/avif", "video/mj2", "audio/aac", "video/vnd.uvvu.mp4"]),
    // A tag for MP3 stands before other formats, too.
    (MP3, &["audio/flac", "audio/aac", "video/mpeg"]),
    (PDF, &[POSTSCRIPT]),
    (OLE, &[ZIP]),
    (GZIP, &["application/tar"]),
    ("application/bzip2", &["application/tar"]),
    ("application/xz", &["application/tar"]),
    ("application/zstd", &["application/tar"]),
    ("application/compress", &["application/tar"]),
    ("image/canon-cr2", &["image/tiff"]),
    // Browsers take a PNG for an icon.
    ("image/png", &["image/vnd.microsoft.icon"]),
];
/// Ends of names that are used for two formats, of which systems announce the first, and the second.
const AMBIGUOUS: &[(&str, &[&str], &str)] = &[
    (".csv", &["application/vnd.ms-excel"], "text/csv"),
    (".slk", &["application/vnd.ms-excel"], "text/plain"),
    (".rtf", &["application/msword"], "application/rtf"),
    (".doc", &["application/msword"], "application/rtf"),
    (".ts", &["video/mp2t", "video/vnd.dlna.mpeg-tts"], "text/plain"),
    (".mts", &["video/mp2t", "video/vnd.dlna.mpeg-tts"], "text/plain"),
    (".mod", &["video/mpeg"], "text/plain"),
    (".dot", &["application/msword"], "text/plain"),
    (".msg", &["application/vnd.ms-outlook"], "text/plain"),
    (".com", &["application/msdownload", "application/msdos-program"], "text/plain"),
    (".bat", &["application/msdownload", "application/msdos-program"], "text/plain"),
    (".cmd", &["application/msdownload", "application/msdos-program"], "text/plain"),
    (".msi", &["application/msdownload"], "application/msi"),
    (".svgz", &["image/svg+xml"], GZIP),
];

/// The name of a type without `x-`.
pub(super) fn plain(mime_type: &str) -> String {
    mime_type.replacen("/x-", "/", 1)
}

/// The family of this MIME type (an essence): a signature cannot distinguish its members.
pub(super) fn family(mime_type: &str) -> String {
    let name = plain(mime_type);
    if let Some(names) = FIRM.iter().chain(SOFT).find(|names| names.contains(&&*name)) {
        return names[0].to_owned();
    }
    if is_text(&name) {
        return TEXT.to_owned();
    }
    let is_office = name.contains("vnd.openxmlformats-") || name.contains("vnd.oasis.opendocument");
    if name.ends_with("+zip") || is_office || name.contains(".macroenabled.") || ZIPPED.contains(&&*name) {
        return ZIP.to_owned();
    }
    if COMPOUND.contains(&&*name) { OLE.to_owned() } else { name }
}

/// Whether a type is text, about which a signature says little.
fn is_text(name: &str) -> bool {
    let kinds = [
        "xml",
        "json",
        "javascript",
        "ecmascript",
        "yaml",
        "toml",
        "sh",
        "csh",
        "shellscript",
        "perl",
        "php",
        "python",
        "ruby",
        "sql",
        "ndjson",
        "bat",
    ];
    name.starts_with("text/")
        || name.starts_with("message/")
        || name.ends_with("+xml")
        || name.ends_with("+json")
        || name.ends_with("-flat-xml")
        || name
            .strip_prefix("application/")
            .is_some_and(|kind| kinds.contains(&kind) || kind.contains("script") && kind != "postscript")
        || matches!(name, "application/mbox" | "application/rtf")
}

/// Whether every file of this type begins with a signature that is known here.
pub(super) fn is_firm(mime_type: &str) -> bool {
    let (name, family) = (plain(mime_type), family(mime_type));
    let is_listed = |families: &[&[&str]]| families.iter().any(|names| names[0] == family);
    match &*family {
        TEXT => false,
        ZIP => true,
        OLE => COMPOUND.iter().take(FIRM_COMPOUND).any(|one| *one == name),
        _ if is_listed(SOFT) => false,
        _ => is_listed(FIRM) || infer::is_mime_supported(mime_type) || infer::is_mime_supported(&name),
    }
}

/// Whether it is a type that is unknown here, so that the bytes prove nothing about it. No type of media is: no text has one.
pub(super) fn is_unheard_of(mime_type: &str) -> bool {
    let family = family(mime_type);
    let is_listed =
        FIRM.iter().chain(SOFT).any(|names| names[0] == family) || [TEXT, ZIP, OLE].contains(&&*family);
    !is_listed && !is_media(mime_type) && !is_firm(mime_type)
}

/// Whether it is a picture, a sound, a film or a font, which no text is.
pub(super) fn is_media(mime_type: &str) -> bool {
    ["image/", "audio/", "video/", "font/"].iter().any(|group| mime_type.starts_with(group))
}

/// Whether files of this type may be plain text.
pub(super) fn may_be_text(mime_type: &str) -> bool {
    let (name, family) = (plain(mime_type), family(mime_type));
    [TEXT, PDF, DER, POSTSCRIPT, ARCHIVE].contains(&&*family)
        || MAY_BE_TEXT.contains(&&*name)
        || is_unheard_of(mime_type)
}

/// Whether files of the announced family may have the container of another one.
pub(super) fn is_contained(announced: &str, found: &str) -> bool {
    let name = plain(announced);
    let announced = family(announced);
    let is_one = |of: &&str| *of == name || *of == announced;
    CONTAINED.iter().any(|(container, formats)| *container == found && formats.iter().any(is_one))
}

/// The other type that a file whose name ends like this may have, if systems announce this one for both.
pub(super) fn other_type(extension: &Extension, mime_type: &str) -> Option<&'static str> {
    let mime_type = plain(mime_type);
    let is_it = |(end, types, _): &&(&str, &[&str], &str)| extension.is(end) && types.contains(&&*mime_type);
    AMBIGUOUS.iter().find(is_it).map(|(.., other)| *other)
}
