//! Collects one line from a body that may be split anywhere. The length of a line is limited.

use bytes::{Buf, Bytes};

use super::{MAX_LINE_BYTES, malformed};
use crate::S3Error;

#[derive(Debug, Default)]
pub(super) struct LineBuffer(Vec<u8>);

/// A complete line.
#[derive(Debug)]
pub(super) struct Line {
    /// The line without its end.
    pub(super) text: Vec<u8>,
    /// Whether it ends in CRLF, and not in LF alone.
    pub(super) ends_in_crlf: bool,
}

impl LineBuffer {
    /// Takes bytes up to the end of the line. Returns the line once it is complete.
    pub(super) fn take(&mut self, input: &mut Bytes) -> Result<Option<Line>, S3Error> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let size = end.map_or(input.len(), |end| end + 1);
        if self.0.len() + size > MAX_LINE_BYTES {
            return Err(malformed("A chunk header or trailer is too long"));
        }
        self.0.extend_from_slice(&input[..size]);
        input.advance(size);
        if end.is_none() {
            return Ok(None);
        }
        let mut text = std::mem::take(&mut self.0);
        text.pop();
        let ends_in_crlf = text.pop_if(|last| *last == b'\r').is_some();
        if text.contains(&b'\r') {
            return Err(malformed("A line of the body contains a CR that does not end it"));
        }
        Ok(Some(Line { text, ends_in_crlf }))
    }
}
