//! `Tagging`: the tags of an object, in requests and in answers.

use super::{
    reader::{Cursor, malformed, once},
    writer::Writer,
};
use crate::S3Error;

/// The longest body, in bytes: 10 tags of the greatest length, with every character escaped.
pub const MAX_TAGGING_BODY_BYTES: usize = 64 << 10;
/// More tags than any object may have; the reader stops there.
const MAX_READ_TAGS: usize = 100;

/// Names and values, in the order sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tagging {
    /// The tags.
    pub tags: Vec<(String, String)>,
}

impl Tagging {
    /// Parses a body. The error is `MalformedXML`. It does not check the limits on tags.
    pub fn parse(body: &[u8]) -> Result<Self, S3Error> {
        let mut cursor = Cursor::root(body, "Tagging", MAX_TAGGING_BODY_BYTES)?;
        let mut set = None;
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "TagSet" => {
                    let tags = parse_set(&mut cursor)?;
                    once(&mut set, tags)?;
                }
                _ => return Err(malformed()),
            }
        }
        cursor.finish()?;
        Ok(Self { tags: set.ok_or_else(malformed)? })
    }

    /// The body of the answer to `GetObjectTagging`.
    pub fn to_xml(&self) -> String {
        Writer::document("Tagging", |out| {
            out.nested("TagSet", |out| {
                for (name, value) in &self.tags {
                    out.nested("Tag", |out| {
                        out.text("Key", name);
                        out.text("Value", value);
                    });
                }
            });
        })
    }
}

fn parse_set(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, S3Error> {
    let mut tags = Vec::new();
    while let Some(name) = cursor.child()? {
        if name != "Tag" || tags.len() == MAX_READ_TAGS {
            return Err(malformed());
        }
        tags.push(parse_tag(cursor)?);
    }
    Ok(tags)
}

fn parse_tag(cursor: &mut Cursor<'_>) -> Result<(String, String), S3Error> {
    let (mut key, mut value) = (None, None);
    while let Some(name) = cursor.child()? {
        match name.as_str() {
            "Key" => once(&mut key, cursor.text()?)?,
            "Value" => once(&mut value, cursor.text()?)?,
            _ => return Err(malformed()),
        }
    }
    key.zip(value).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn tags_are_read_as_they_are_written_and_nothing_else_is() {
        let tags = vec![("a<b".to_owned(), String::new()), ("ü".to_owned(), "1".to_owned())];
        let tagging = Tagging { tags };
        assert_eq!(Tagging::parse(tagging.to_xml().as_bytes()).unwrap(), tagging);
        assert_eq!(Tagging::parse(b"<Tagging><TagSet/></Tagging>").unwrap(), Tagging::default());
        let tag = "<Tag><Key>k</Key><Value>v</Value></Tag>";
        for bad in [
            "<Tagging/>".to_owned(),
            "<Tagging><TagSet/><TagSet/></Tagging>".to_owned(),
            "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>".to_owned(),
            "<Tagging><TagSet><X/></TagSet></Tagging>".to_owned(),
            format!("<Tagging><TagSet>{}</TagSet></Tagging>", tag.repeat(MAX_READ_TAGS + 1)),
        ] {
            let refusal = Tagging::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::MalformedXML, "{bad:.80}");
        }
    }
}
