//! A strict cursor over a small XML document. It reads only elements and their text.

use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};

use crate::{ErrorCode, S3Error};

/// Requests and error bodies nest at most three deep; elements that are skipped may nest a little deeper.
const MAX_DEPTH: usize = 16;

/// A cursor within the document.
pub(super) struct Cursor<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
    /// Whether the cursor ignores attributes other than namespaces. Otherwise it refuses them.
    any_attributes: bool,
}

/// What comes next inside an element.
enum Token {
    Open(String),
    Text(String),
    Close,
    End,
}

impl<'a> Cursor<'a> {
    /// A cursor inside the root element of a request, which must have this name.
    pub(super) fn root(body: &'a [u8], name: &str, max_bytes: usize) -> Result<Self, S3Error> {
        // Only NUL is refused here. XML excludes other control characters too, but botocore writes them into keys as they are. `&#0;` is refused as well.
        if body.contains(&0) {
            return Err(malformed());
        }
        match Self::open_root(body, max_bytes, false)? {
            (root, cursor) if root == name => Ok(cursor),
            _ => Err(malformed()),
        }
    }

    /// A cursor inside the root element of an answer, and the name of that element. It is lenient, because stores may
    /// write more than the schema allows.
    pub(super) fn lenient_root(body: &'a [u8], max_bytes: usize) -> Result<(String, Self), S3Error> {
        Self::open_root(body, max_bytes, true)
    }

    fn open_root(body: &'a [u8], max_bytes: usize, any_attributes: bool) -> Result<(String, Self), S3Error> {
        if body.len() > max_bytes {
            let message = format!("The body is longer than {max_bytes} bytes");
            return Err(S3Error::new(ErrorCode::MaxMessageLengthExceeded, message));
        }
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        let mut cursor = Self { reader, depth: 0, any_attributes };
        let root = cursor.child()?.ok_or_else(malformed)?;
        Ok((root, cursor))
    }

    /// Enters the next child element and returns its name; leaves the current element if there is none.
    pub(super) fn child(&mut self) -> Result<Option<String>, S3Error> {
        loop {
            match self.token()? {
                Token::Open(name) => return Ok(Some(name)),
                Token::Close | Token::End => return Ok(None),
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Text(_) => return Err(malformed()),
            }
        }
    }

    /// Reads the text of the current element, and leaves it. The element must not contain other elements.
    pub(super) fn text(&mut self) -> Result<String, S3Error> {
        let mut text = String::new();
        loop {
            match self.token()? {
                Token::Text(more) => text.push_str(&more),
                Token::Close => return Ok(text),
                Token::Open(_) | Token::End => return Err(malformed()),
            }
        }
    }

    /// Leaves the current element and ignores its content.
    pub(super) fn skip(&mut self) -> Result<(), S3Error> {
        let outside = self.depth - 1;
        while self.depth > outside {
            if let Token::End = self.token()? {
                return Err(malformed());
            }
        }
        Ok(())
    }

    /// Checks that nothing follows the root element.
    pub(super) fn finish(mut self) -> Result<(), S3Error> {
        match self.child()? {
            None if self.depth == 0 => Ok(()),
            _ => Err(malformed()),
        }
    }

    fn token(&mut self) -> Result<Token, S3Error> {
        loop {
            match self.reader.read_event().map_err(|_| malformed())? {
                Event::Start(start) => return self.open(&start),
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Token::Close);
                }
                Event::Eof if self.depth == 0 => return Ok(Token::End),
                Event::Text(text) => return Ok(Token::Text(text.xml10_content().into_owned())),
                Event::CData(text) => return Ok(Token::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => {
                    let char = reference.resolve_char_ref().map_err(|_| malformed())?;
                    let name = reference.into_inner();
                    let text =
                        char.map(String::from).or_else(|| resolve_xml_entity(&name).map(str::to_owned));
                    return text.map(Token::Text).ok_or_else(malformed);
                }
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Eof | Event::Empty(_) | Event::PI(_) | Event::DocType(_) => return Err(malformed()),
            }
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<Token, S3Error> {
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| malformed())?;
            if !self.any_attributes && !attribute.key.as_ref().starts_with("xmlns") {
                return Err(malformed());
            }
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(malformed());
        }
        Ok(Token::Open(start.name().as_ref().to_owned()))
    }
}

/// Puts a value into its slot. An element that occurs twice is malformed.
pub(super) fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), S3Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(malformed()),
    }
}

/// The answer to a body that its operation does not expect.
pub(super) fn malformed() -> S3Error {
    let message = "The XML you provided was not well-formed or did not validate against the published schema";
    S3Error::new(ErrorCode::MalformedXML, message)
}
