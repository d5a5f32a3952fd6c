//! Collects one line that ends with CRLF from a body that may be split anywhere. The length of a line is limited.

use bytes::{Buf, Bytes};

use super::{MAX_LINE_BYTES, malformed};
use crate::S3Error;

#[derive(Debug, Default)]
pub(super) struct LineBuffer(Vec<u8>);

impl LineBuffer {
    /// Takes bytes up to the end of the line. Returns the line without its CRLF once it is complete.
    pub(super) fn take(&mut self, input: &mut Bytes) -> Result<Option<Vec<u8>>, S3Error> {
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
        let mut line = std::mem::take(&mut self.0);
        line.pop();
        if line.pop() != Some(b'\r') || line.contains(&b'\r') {
            return Err(malformed("A line of the body does not end in CRLF"));
        }
        Ok(Some(line))
    }
}
