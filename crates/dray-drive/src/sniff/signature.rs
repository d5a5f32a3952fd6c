//! The type that the first bytes of a file show by a signature. The crate `infer` knows most of them; this file adds variants
//! that it lacks. It does not know what was announced.

use super::families::{TEXT, family};

/// Signatures that `infer` lacks: where they are, what they are, and what they show.
const MORE: &[(usize, &[u8], &str)] = &[
    (0, b"\0asm", "application/wasm"),
    (0, b"II+\0", "image/tiff"),
    (0, b"MM\0+", "image/tiff"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),
    (0, b"wOFF", "application/font-woff"),
    (0, b"wOF2", "application/font-woff"),
    (0, b"true\0", "application/font-sfnt"),
    (0, b"ttcf\0", "application/font-sfnt"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"ADIF", "audio/aac"),
    (0, b"#!AMR-WB\n", "audio/amr"),
    (0, b"ZWS", "application/x-shockwave-flash"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (0, b"\x04%!PS", "application/postscript"),
    (0, b"!<thin>\n", "application/x-unix-archive"),
    (0, b"070702", "application/x-cpio"),
    (0, b"070707", "application/x-cpio"),
    (0, b"\x02\x21\x4c\x18", "application/x-lz4"),
    (60, b"TEXtREAd", "application/x-mobipocket-ebook"),
];
/// Signatures at the beginning and eight bytes later, as in RIFF and IFF files.
const CHUNKED: &[(&[u8], &[u8], &str)] = &[
    (b"RF64", b"WAVE", "audio/x-wav"),
    (b"BW64", b"WAVE", "audio/x-wav"),
    (b"RIFF", b"RMID", "audio/midi"),
    (b"FORM", b"AIFC", "audio/x-aiff"),
];
/// First boxes of ISO base media files (ISO/IEC 14496-12) and of `QuickTime` files without a file type.
const BOXES: &[&[u8]] = &[b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
/// Brands of still images in such files (ISO/IEC 23008-12).
const IMAGE_BRANDS: &[&[u8]] =
    &[b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"];
/// The length of a packet of an MPEG transport stream, and of one with a time code before it.
const PACKETS: [(usize, usize); 2] = [(0, 188), (4, 192)];

/// The type whose signature is there, if any. Signatures of text are none.
pub(super) fn found(head: &[u8]) -> Option<&'static str> {
    let known = infer::get(head).map(|found| found.mime_type()).filter(|known| family(known) != TEXT);
    match known {
        // So the crate calls Embedded OpenType.
        Some("application/octet-stream") => Some("application/vnd.ms-fontobject"),
        Some(known) => Some(known),
        None => more(head),
    }
}

/// Whether the signature of this type is so short that other files often begin with it by chance.
pub(super) fn is_weak(found: &str, head: &[u8]) -> bool {
    match found {
        "application/x-llvm"
        | "application/x-cpio"
        | "application/x-compress"
        | "application/postscript"
        | "image/bmp"
        | "audio/aac"
        | "video/mpeg" => true,
        "image/jxl" => head.starts_with(b"\xff\x0a"),
        "application/x-executable" => !head.starts_with(b"\x7fELF"),
        "audio/mpeg" => !head.starts_with(b"ID3"),
        _ => false,
    }
}

fn more(head: &[u8]) -> Option<&'static str> {
    let has = |at: usize, bytes: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    let plain = MORE.iter().find(|(at, bytes, _)| has(*at, bytes)).map(|(.., found)| *found);
    let chunked =
        || CHUNKED.iter().find(|(form, kind, _)| has(0, form) && has(8, kind)).map(|(.., found)| *found);
    plain.or_else(chunked).or_else(|| boxes(head)).or_else(|| stream(head))
}

fn boxes(head: &[u8]) -> Option<&'static str> {
    let kind = head.get(4..8)?;
    if !BOXES.contains(&kind) {
        return None;
    }
    match head.get(8..12) {
        Some(brand) if kind == b"ftyp" && IMAGE_BRANDS.contains(&brand) => Some("image/heif"),
        Some(b"avif" | b"avis") if kind == b"ftyp" => Some("image/avif"),
        _ => Some("video/mp4"),
    }
}

/// Formats without a header: a frame of MPEG audio (ISO/IEC 11172-3, 2.4.1.3) or of AAC (ISO/IEC 13818-7, 6.2), and packets of
/// MPEG transport streams (ISO/IEC 13818-1, 2.4.3).
fn stream(head: &[u8]) -> Option<&'static str> {
    let is_packed =
        |(at, length): &(usize, usize)| head.get(*at) == Some(&0x47) && head.get(at + length) == Some(&0x47);
    match head {
        [0xff, 0xf0 | 0xf1 | 0xf8 | 0xf9, ..] => Some("audio/aac"),
        [0xff, version, rate, ..] if is_frame(*version, *rate) => Some("audio/mpeg"),
        _ => PACKETS.iter().any(is_packed).then_some("video/mpeg"),
    }
}

/// Whether the second and third byte of a frame of MPEG audio have no reserved value.
fn is_frame(version: u8, rate: u8) -> bool {
    let (sync, version, layer) = (version >> 5, version >> 3 & 3, version >> 1 & 3);
    // Nobody uses layer I, and its frames begin like UTF-16 and UTF-32.
    sync == 7 && version != 1 && matches!(layer, 1 | 2) && rate >> 4 != 15 && rate >> 2 & 3 != 3
}
