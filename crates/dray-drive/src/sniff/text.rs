//! Whether the first bytes of a file are text. It knows no types.

/// Space characters and the control characters that text files contain: backspace, tab, line breaks, form feed, escape.
const CONTROLS_IN_TEXT: &[u8] = b"\x08\t\n\x0b\x0c\r\x1b";
/// Bytes at the beginning that must be ASCII if the rest is in an old 8-bit encoding, because that has no other marks.
const ASCII_START: usize = 4;

/// How the first bytes of a file read as text.
pub(super) enum Text {
    /// They are text and nothing else. Text in an 8-bit encoding has U+FFFD in place of the characters beyond ASCII.
    Plain(String),
    /// They are not.
    No,
}

impl Text {
    /// Reads bytes as UTF-8, UTF-16 or an 8-bit encoding that includes ASCII.
    pub(super) fn of(head: &[u8]) -> Self {
        let text = utf16(head).or_else(|| eight_bit(head));
        text.map_or(Self::No, |text| Self::Plain(text.trim_start_matches('\u{feff}').to_owned()))
    }

    /// Whether they are text.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

/// UTF-8, or an encoding with one byte for each character. Neither has control characters in text.
fn eight_bit(head: &[u8]) -> Option<String> {
    let is_control = |byte: &u8| (*byte < b' ' && !CONTROLS_IN_TEXT.contains(byte)) || *byte == 0x7f;
    if head.iter().any(is_control) {
        return None;
    }
    // The last character may be cut off.
    let is_utf8 = std::str::from_utf8(head).map_or_else(|err| err.error_len().is_none(), |_| true);
    let is_text = is_utf8 || head.iter().take(ASCII_START).all(u8::is_ascii);
    is_text.then(|| String::from_utf8_lossy(head).into_owned())
}

/// UTF-16 with a byte order mark, or without one if most characters are ASCII.
fn utf16(head: &[u8]) -> Option<String> {
    let read = |unit: fn([u8; 2]) -> u16| head.chunks_exact(2).map(move |pair| unit([pair[0], pair[1]]));
    let units: Vec<u16> = match head {
        [0xff, 0xfe, ..] | [_, 0, _, 0, ..] => read(u16::from_le_bytes).collect(),
        [0xfe, 0xff, ..] | [0, _, 0, _, ..] => read(u16::from_be_bytes).collect(),
        _ => return None,
    };
    let is_control =
        |unit: &u16| u8::try_from(*unit).is_ok_and(|byte| byte < b' ' && !CONTROLS_IN_TEXT.contains(&byte));
    let ascii = units.iter().filter(|unit| **unit < 0x80).count();
    let is_marked = units.first() == Some(&0xfeff);
    let is_text = !units.iter().any(is_control) && (is_marked || ascii * 2 > units.len());
    is_text.then(|| String::from_utf16_lossy(&units))
}

/// Whether these bytes begin like HTML, XML or a script, whatever comes after.
pub(super) fn is_markup(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head {
        [b'#', b'!', ..] => true,
        [b'<', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/'),
        _ => false,
    }
}

/// Whether a text may be the beginning of an SVG image: its root element is `svg`, or comes later.
pub(super) fn may_be_svg(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            "" => return true,
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!") => doctype_end(rest),
            _ => break,
        };
        let Some(at) = rest.find(end) else { return true };
        rest = rest[at + end.len()..].trim_start();
    }
    let Some(tag) = rest.strip_prefix('<') else { return false };
    let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let is_cut = name.len() == tag.len();
    let local = name.rsplit(':').next().unwrap_or_default();
    local == "svg" || (is_cut && "svg".starts_with(local))
}

/// What ends a document type: it may have declarations in brackets.
fn doctype_end(rest: &str) -> &'static str {
    let has_declarations = rest.find('[').is_some_and(|open| rest.find('>').is_none_or(|end| open < end));
    if has_declarations { "]>" } else { ">" }
}
