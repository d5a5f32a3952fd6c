//! Files of many formats, announced as what they are and as what they are not.

mod programs;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const APNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x08acTL";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0";
const BMP: &[u8] = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0";
const ICO: &[u8] = b"\0\0\x01\0\x01\0\x10\x10";
const TIFF: &[u8] = b"II*\0\x08\0\0\0\x0f\0\0\x01";
const BIG_TIFF: &[u8] = b"II+\0\x08\0\0\0\x10\0\0\0";
const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L";
const AVIF: &[u8] = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
const MIF1: &[u8] = b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf";
const JP2: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ";
const JXL: &[u8] = b"\xff\x0a\xfa\x1f\x01\x91\0";
const PSD: &[u8] = b"8BPS\0\x01\0\0\0\0\0\0";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
const XAVC: &[u8] = b"\0\0\0\x1cftypXAVC\x01\0\x1f\xffXAVCmp42iso2";
const MOV: &[u8] = b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ";
const OLD_MOV: &[u8] = b"\0\0\0\x08wide\0\x01\0\0mdat";
const M4A: &[u8] = b"\0\0\0\x1cftypM4A \0\0\x02\0M4A isomiso2";
const WEBM: &[u8] = b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\x82\x84webm";
const MKV: &[u8] = b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska";
const AVI: &[u8] = b"RIFF\x24\0\0\0AVI LIST";
const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0";
const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";
const RF64: &[u8] = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0";
const MP3: &[u8] = b"\xff\xfb\x90\x64\0\x0f\xf0\0\0";
const MP3_CRC: &[u8] = b"\xff\xfa\x90\x64\0\x0f\xf0\0\0";
const ID3: &[u8] = b"ID3\x04\0\0\0\0\x00\x23TSSE";
const AAC: &[u8] = b"\xff\xf1\x50\x80\x02\x1f\xfc\xda";
const FLAC: &[u8] = b"fLaC\0\0\0\x22\x10\0";
const MIDI: &[u8] = b"MThd\0\0\0\x06\0\x01";
const AIFC: &[u8] = b"FORM\0\0\x10\0AIFCFVER";
const AMR: &[u8] = b"#!AMR\n\x3c\x08\x55\x01\0\0\0";
const PDF: &[u8] = b"%PDF-1.7\n";
const EPS: &[u8] = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const MACH: &[u8] = b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0";
const WASM: &[u8] = b"\0asm\x01\0\0\0";
const CLASS: &[u8] = b"\xca\xfe\xba\xbe\0\0\0\x41\0\x1d";
const SQLITE: &[u8] = b"SQLite format 3\0\x10\0";
const ZIP_BYTES: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0";
const OLE_BYTES: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0";
const GZ: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
const BZ2: &[u8] = b"BZh91AY&SY\x9a\x01\x02\xf3\0\0";
const XZ: &[u8] = b"\xfd7zXZ\0\0\x04";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x24\0";
const SEVEN: &[u8] = b"7z\xbc\xaf\x27\x1c\0\x04";
const RAR: &[u8] = b"Rar!\x1a\x07\x01\0";
const ISO: &[u8] = &[0; 8192];
const TTF: &[u8] = b"\0\x01\0\0\0\x0f\0\x80";
const OTF: &[u8] = b"OTTO\0\x0b\0\x80";
const TTC: &[u8] = b"ttcf\0\x01\0\0";
const WOFF: &[u8] = b"wOFFOTTO\0\0\x10\0";
const WOFF2: &[u8] = b"wOF2\0\x01\0\0\0\0\x10\0";
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIB\n";
const DER_BYTES: &[u8] = b"\x30\x82\x03\x0b\x30\x82\x01";
const HTML: &[u8] = b"<!doctype html><script>alert(1)</script>";
const SVG: &[u8] =
    b"<?xml version=\"1.0\"?><!-- a --><!DOCTYPE svg><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
const SCRIPT: &[u8] = b"#!/bin/sh\nrm -rf \"$HOME\"\n";
const JSON: &[u8] = b"{\"a\": [1, 2, \"\xc3\xa9\"]}";
const LATIN_CSV: &[u8] = b"BMW,1\r\nCitro\xebn,2\r\n";
const UTF16_CSV: &[u8] = b"\xff\xfeB\0M\0W\0,\0\x31\0\r\0\n\0";
const RTF: &[u8] = b"{\\rtf1\\ansi hello}";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

fn checked(types: &[&str], name: &str, mime_type: &str, head: &[u8]) -> Result<()> {
    let types: Vec<FileType> = types.iter().map(|text| text.parse().unwrap()).collect();
    check(&UploadRules::default(), &types, (name, mime_type), head)
}

fn tar() -> Vec<u8> {
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"a.txt");
    tar[257..263].copy_from_slice(b"ustar\0");
    tar
}

fn transport_stream() -> Vec<u8> {
    let mut packets = vec![0; 376];
    (packets[0], packets[188]) = (0x47, 0x47);
    packets
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// Files, and names of their types that each of them may be announced as.
const AS_THEY_ARE: &[(&str, &[u8])] = &[
    ("image/png image/x-png image/apng image/vnd.mozilla.apng", PNG),
    ("image/png image/apng", APNG),
    ("image/jpeg image/jpg image/pjpeg image/jfif", JPEG),
    ("image/gif", GIF),
    ("image/bmp image/x-ms-bmp image/x-bmp", BMP),
    ("image/vnd.microsoft.icon image/x-icon", ICO),
    ("image/tiff image/x-tiff image/x-nikon-nef image/x-sony-arw image/x-adobe-dng", TIFF),
    ("image/tiff", BIG_TIFF),
    ("image/webp", WEBP),
    ("image/avif image/avif-sequence", AVIF),
    ("image/heic image/heif", HEIC),
    ("image/heic image/heif", MIF1),
    ("image/jp2 image/jpx", JP2),
    ("image/jxl", JXL),
    ("image/vnd.adobe.photoshop image/x-photoshop image/psd application/x-photoshop", PSD),
    ("video/mp4 audio/mp4 video/quicktime video/x-m4v", MP4),
    ("video/mp4", XAVC),
    ("video/quicktime", MOV),
    ("video/quicktime", OLD_MOV),
    ("audio/mp4 audio/x-m4a audio/m4a audio/aac", M4A),
    ("video/webm audio/webm video/x-matroska", WEBM),
    ("video/x-matroska audio/x-matroska", MKV),
    ("video/x-msvideo video/avi video/vnd.avi", AVI),
    ("audio/ogg video/ogg application/ogg audio/opus", OGG),
    ("audio/wav audio/x-wav audio/vnd.wave audio/wave", WAV),
    ("audio/wav", RF64),
    ("audio/mpeg audio/mp3 audio/x-mp3", MP3),
    ("audio/mpeg", MP3_CRC),
    ("audio/mpeg audio/flac audio/aac", ID3),
    ("audio/aac audio/x-aac audio/aacp", AAC),
    ("audio/flac audio/x-flac", FLAC),
    ("audio/midi audio/mid audio/x-midi", MIDI),
    ("audio/aiff audio/x-aiff", AIFC),
    ("audio/amr", AMR),
    ("application/pdf application/x-pdf", PDF),
    ("application/pdf", b"\n\n%PDF-1.4"),
    ("application/postscript image/x-eps", EPS),
    ("application/postscript", PDF),
    ("application/x-msdownload application/vnd.microsoft.portable-executable", EXE),
    ("application/x-executable application/x-sharedlib", ELF),
    ("application/x-mach-binary", MACH),
    ("application/wasm", WASM),
    ("application/java-vm application/java", CLASS),
    ("application/vnd.sqlite3 application/x-sqlite3", SQLITE),
    ("application/zip application/x-zip-compressed application/java-archive application/epub+zip", ZIP_BYTES),
    ("application/vnd.android.package-archive application/vnd.oasis.opendocument.text", ZIP_BYTES),
    (DOCX, ZIP_BYTES),
    (DOCX, OLE_BYTES),
    ("application/vnd.ms-word.document.macroenabled.12", ZIP_BYTES),
    ("application/msword application/vnd.ms-excel application/vnd.ms-powerpoint", OLE_BYTES),
    ("application/vnd.ms-outlook application/x-msi", OLE_BYTES),
    ("application/gzip application/x-gzip application/x-compressed-tar application/x-tar", GZ),
    ("application/x-bzip2 application/x-bzip application/x-tar", BZ2),
    ("application/x-xz application/x-xz-compressed-tar application/x-tar", XZ),
    ("application/zstd application/x-zstd", ZSTD),
    ("application/x-7z-compressed", SEVEN),
    ("application/vnd.rar application/x-rar application/x-rar-compressed", RAR),
    ("application/x-iso9660-image application/x-cd-image", ISO),
    ("font/ttf application/font-sfnt application/x-font-ttf font/sfnt", TTF),
    ("font/otf application/x-font-otf application/vnd.ms-opentype", OTF),
    ("font/collection", TTC),
    ("font/woff application/font-woff application/x-font-woff", WOFF),
    ("font/woff2", WOFF2),
    ("application/x-x509-ca-cert application/pkix-cert application/x-pem-file text/plain", PEM),
    ("application/x-x509-ca-cert application/x-pkcs12 application/pkcs7-mime", DER_BYTES),
    ("image/svg+xml text/xml application/xml text/plain", SVG),
    ("image/svg+xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
    ("image/svg+xml", b"\xef\xbb\xbf<!DOCTYPE svg [<!ENTITY a \"b>\">]>\n<s:svg>"),
    ("text/html application/xhtml+xml text/plain", HTML),
    ("application/x-sh text/x-shellscript application/x-shellscript text/plain", SCRIPT),
    ("application/json text/json application/ld+json text/plain", JSON),
    ("application/rtf text/rtf", RTF),
    ("audio/x-mpegurl application/vnd.apple.mpegurl", b"#EXTM3U\n#EXTINF:1,a\na.mp3\n"),
    ("image/x-xpixmap", b"/* XPM */\nstatic char *a[] = {"),
    ("image/x-tga image/x-foo video/h264 audio/basic", b"\0\0\x03\0\x12\x34\x56\x78\x9a\xbc"),
    ("application/x-made-up model/made-up", b"whatever"),
    ("application/x-made-up image/x-foo", b"\x4c\x01\x02\0\x12\x34\x56\x78\0\0"),
    ("application/x-made-up model/3mf", ZIP_BYTES),
    ("application/vnd.made-up", b"<?xml version=\"1.0\"?><made/>"),
    ("application/octet-stream", EXE),
    ("image/png text/plain application/pdf", b""),
];

#[test]
fn a_file_is_taken_for_what_its_bytes_are_under_any_of_their_names() {
    for (mime_types, head) in AS_THEY_ARE {
        for mime_type in mime_types.split(' ') {
            assert_eq!(checked(&[], "a", mime_type, head), Ok(()), "{mime_type} {head:?}");
        }
    }
    assert_eq!(checked(&[], "a", "application/x-tar", &tar()), Ok(()));
    assert_eq!(checked(&[], "a", "video/mp2t", &transport_stream()), Ok(()));
    assert_eq!(checked(&[], "a", "Image/JPEG; q=1", JPEG), Ok(()));
}

#[test]
fn a_text_is_a_text_whatever_its_first_letters_are() {
    for text in [
        "BMI table\nof last year",
        "BMW,1\nAudi,2",
        "MZ note: to be done",
        "ID3 decision tree",
        "GIF8 spec",
        "BZh is how bzip2 begins",
        "OggS, fLaC and MThd are signatures",
        "%!PS is PostScript, %PDF is not",
        "The signature of a PDF is %PDF-1.7",
        "RIFF is followed by WAVE, AVI or WEBP",
        "8BPS and PKzip",
        "SQLite format 3 is what it says",
        "Rar! and 7z",
        "free and wide, moov",
        "BCD codes",
        "Cr24 FLV CWS FWS MSCF Obj",
        "<b>bold</b> Grüße 日本語",
        "\u{1b}[31mred\u{1b}[0m",
    ] {
        for mime_type in
            ["text/plain", "text/csv", "text/markdown", "application/json", "application/x-made-up"]
        {
            assert_eq!(checked(&[], "a", mime_type, text.as_bytes()), Ok(()), "{mime_type} {text}");
        }
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let marked = format!("\u{feff}{text}");
            assert_eq!(checked(&[], "a", "text/plain", &utf16(&marked, unit)), Ok(()), "{text}");
            assert_eq!(checked(&[], "a", "text/plain", &utf16(text, unit)), Ok(()), "{text}");
        }
    }
    assert_eq!(checked(&[], "a", "text/plain", b"%PDF-1.7 is where one begins"), Ok(()));
    assert_eq!(checked(&[], "a", "text/plain", b"\xff\xfe\0\0B\0\0\0M\0\0\0"), Ok(()), "UTF-32");
    assert_eq!(checked(&[".csv"], "a.csv", "text/csv", LATIN_CSV), Ok(()));
    assert_eq!(checked(&[".csv"], "a.csv", "text/csv", UTF16_CSV), Ok(()));
    let mut cut = "BM é".repeat(2000).into_bytes();
    cut.truncate(8 << 10);
    for length in (8 << 10) - 4..=8 << 10 {
        assert_eq!(checked(&[], "a", "text/plain", &cut[..length]), Ok(()), "a character may be cut off");
    }
}

#[test]
fn a_type_by_another_name_is_refused() {
    for (mime_types, head) in [
        ("image/png application/zip text/plain video/mp4", JPEG),
        ("image/png image/jpeg audio/mpeg font/ttf", PDF),
        ("image/png image/x-foo text/plain text/csv application/x-made-up application/pdf", EXE),
        ("image/jpeg text/plain application/zip", ELF),
        ("image/jpeg text/html", MACH),
        ("application/javascript image/png", WASM),
        ("application/pdf text/csv image/png application/x-msdownload application/gzip", ZIP_BYTES),
        ("application/pdf image/gif application/json", OLE_BYTES),
        ("video/mp4 image/jpeg image/svg+xml text/plain", PNG),
        ("image/png audio/mpeg text/plain application/zip", MP4),
        ("application/zip image/png application/vnd.rar", SEVEN),
        ("application/zip text/plain", GZ),
        ("image/png text/plain application/pdf", &tar()),
        ("image/png application/zip video/mp4", ISO),
        ("audio/ogg video/mp4", WAV),
        ("audio/mpeg image/webp", OGG),
        ("font/woff2 image/png", TTF),
        ("application/zip", b"PX\x03\x04"),
        (
            "image/jp2 image/vnd.microsoft.icon audio/midi audio/flac image/avif",
            b"\0\x03\x04\x05\x06\x07\x08\x09\x01\x02",
        ),
        (
            "application/msword application/vnd.ms-excel application/vnd.rar",
            b"\0\x03\x04\x05\x06\x07\x08\x09\x01\x02",
        ),
        ("image/svg+xml", b"{\"a\": 1}"),
    ] {
        for mime_type in mime_types.split(' ') {
            let refused = checked(&[], "a", mime_type, head);
            assert!(
                matches!(refused, Err(Error::FileTypeMismatch { .. })),
                "{mime_type} {head:?}: {refused:?}"
            );
        }
    }
}

#[test]
fn no_text_passes_as_a_picture_a_sound_a_film_a_font_or_an_archive() {
    let le = u16::to_le_bytes;
    let texts: Vec<Vec<u8>> = vec![
        HTML.into(),
        SVG.into(),
        SCRIPT.into(),
        JSON.into(),
        b"\xef\xbb\xbf<script>alert(1)</script>".into(),
        b"\n\n <html>".into(),
        b"only text".into(),
        b"<!doctype html><p>caf\xe9</p>".into(),
        b"<!doctype html>\0<script>".into(),
        b"<html>\x01\x02</html>".into(),
        b"GIF89a/*<script>*/=alert(1)//".into(),
        b"BM<script>alert(1)</script>".into(),
        b"ID3<script>alert(1)</script>".into(),
        b"BZh<script>alert(1)</script>".into(),
        b"OggS<html>".into(),
        b"    ftypisom<script></script>".into(),
        utf16("\u{feff}<!doctype html><script>", le),
        utf16("<!doctype html><script>", le),
        utf16("<!doctype html><script>", u16::to_be_bytes),
    ];
    let mime_types = "image/png image/jp2 image/gif image/bmp image/x-foo image/vnd.microsoft.icon image/x-tga image/tiff \
        audio/mpeg audio/midi audio/ogg audio/basic audio/x-foo video/mp4 video/x-foo video/mpeg font/ttf font/x-foo \
        application/zip application/x-bzip2 application/gzip application/x-tar application/vnd.rar application/x-cpio \
        application/epub+zip application/msword application/x-msdownload application/wasm image/x-eps";
    for (text, mime_type) in
        texts.iter().flat_map(|text| mime_types.split_whitespace().map(move |one| (text, one)))
    {
        for types in [&[][..], &["image/*", "audio/*", "video/*", "font/*", "application/*"]] {
            let refused = checked(types, "a", mime_type, text);
            assert!(
                matches!(refused, Err(Error::FileTypeMismatch { .. })),
                "{mime_type} {:?}: {refused:?}",
                String::from_utf8_lossy(text)
            );
        }
    }
    for mime_type in ["image/svg+xml", "audio/x-mpegurl", "image/x-xpixmap"] {
        assert!(checked(&[], "a", mime_type, HTML).is_err(), "{mime_type}");
    }
}

#[test]
fn the_end_of_a_name_is_held_against_the_bytes_where_types_are_limited() {
    let unknown = MimeType::UNKNOWN;
    assert_eq!(checked(&[], "a.png", unknown, EXE), Ok(()), "nobody asked");
    assert_eq!(checked(&[".png"], "a.png", unknown, PNG), Ok(()));
    assert!(checked(&[".png"], "a.png", unknown, EXE).is_err());
    for name in ["a.pdf", "a.pdf.", "a.pdf ", "a.pdf\u{200b}", ".pdf"] {
        assert!(checked(&[".pdf"], name, "application/x-msdownload", EXE).is_err(), "{name:?}");
        assert!(checked(&[".pdf"], name, "text/html", HTML).is_err(), "{name:?}");
    }
    assert_eq!(checked(&[".xyzzy"], "a.xyzzy", unknown, EXE), Ok(()), "nobody knows what that is");
}

#[test]
fn the_end_of_a_name_must_fit_the_announced_type_where_types_are_limited() {
    let tga = b"\0\0\x03\0\x12\x34\x56\x78\x9a\xbc";
    let media = &["image/*", "audio/*"][..];
    for (types, name, mime_type, head) in [
        (media, "a.html", "image/x-foo", &tga[..]),
        (media, "a.html", "image/jp2", JP2),
        (media, "a.sh", "image/x-foo", tga),
        (media, "a.js", "audio/x-mpegurl", b"alert(document.cookie)"),
        (media, "a.jpg", "image/png", PNG),
        (media, "a.html", "image/svg+xml", HTML),
        (&["video/*"], "a.ts", "video/mp2t", b"export const a = 1;"),
        (&["application/vnd.ms-excel"], "a.csv", "application/vnd.ms-excel", b"a,b\n1,2\n"),
        (&["text/csv"], "a.csv.gz", "text/csv", GZ),
    ] {
        let refused = checked(types, name, mime_type, head);
        assert!(matches!(refused, Err(Error::FileTypeMismatch { .. })), "{name} {mime_type}: {refused:?}");
    }
    for (types, name, mime_type, head) in [
        (media, "a.tga", "image/x-targa", &tga[..]),
        (media, "a", "image/x-foo", tga),
        (media, "a.jpg", "image/pjpeg", JPEG),
        (media, "a.mp4", "audio/mp4", M4A),
        (media, "a.svg", "image/svg+xml", SVG),
        (&[".tar.gz"], "a.tar.gz", "application/x-tar", GZ),
        (&[".docx"], "a.docx", "application/zip", ZIP_BYTES),
        (&[".csv"], "a.csv", "application/vnd.ms-excel", b"a,b\n1,2\n"),
        (&[".ts"], "a.ts", "video/mp2t", b"export const a = 1;"),
        (&[".ts"], "a.ts", "text/typescript", b"export const a = 1;"),
        (&[".md"], "a.md", "application/x-markdown", b"# a"),
        (&[".m3u"], "a.m3u", "text/plain", b"#EXTM3U\na.mp3\n"),
        (&[".rtf"], "a.rtf", "application/msword", RTF),
        (&[".pdf"], "a.pdf", "application/x-pdf", PDF),
    ] {
        assert_eq!(checked(types, name, mime_type, head), Ok(()), "{name} {mime_type}");
    }
}

#[test]
fn types_that_systems_announce_wrongly_for_a_name_are_accepted() {
    for (name, mime_type, head) in [
        ("a.csv", "application/vnd.ms-excel", LATIN_CSV),
        ("a.CSV", "application/vnd.ms-excel", b"a;b\n"),
        ("a.ts", "video/mp2t", b"export const a = 1;"),
        ("a.bat", "application/x-msdownload", b"@echo off\r\n"),
        ("a.msi", "application/x-msdownload", OLE_BYTES),
        ("a.doc", "application/msword", RTF),
        ("a.csv.gz", "text/csv", GZ),
        ("a.svgz", "image/svg+xml", GZ),
    ] {
        assert_eq!(checked(&[], name, mime_type, head), Ok(()), "{name} {mime_type}");
    }
    assert!(checked(&[], "a.txt", "application/vnd.ms-excel", b"a;b\n").is_err());
    assert!(checked(&[], "a.gz", "image/png", GZ).is_err());
}

#[test]
fn what_the_server_blocks_is_blocked_by_what_it_is() {
    let blocked = vec!["application/vnd.microsoft.portable-executable".parse().unwrap()];
    let rules = UploadRules { blocked_types: blocked, ..UploadRules::default() };
    assert_eq!(check(&rules, &[], ("a", MimeType::UNKNOWN), EXE), Err(Error::FileTypeNotAllowed));
    assert_eq!(check(&rules, &[], ("a", MimeType::UNKNOWN), PNG), Ok(()));
    assert_eq!(check(&rules, &[], ("a", "text/plain"), b"MZ note: to be done"), Ok(()));
}
