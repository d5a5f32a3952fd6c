//! Writes elements into a string. It cannot fail: names are literals and text is escaped.

use std::fmt::{Display, Write};

use jiff::{Timestamp, tz::TimeZone};
use quick_xml::escape::escape;

use super::EncodingType;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// An XML document while it is written.
pub(super) struct Writer(String);

impl Writer {
    /// A whole document, its root in the namespace of S3.
    pub(super) fn document(root: &str, children: impl FnOnce(&mut Self)) -> String {
        Self::write_document(root, &format!(" xmlns=\"{NAMESPACE}\""), children)
    }

    /// A whole document without a namespace: `Error` has none.
    pub(super) fn plain_document(root: &str, children: impl FnOnce(&mut Self)) -> String {
        Self::write_document(root, "", children)
    }

    /// A whole document that is one element with text, in the namespace of S3.
    pub(super) fn text_document(root: &str, text: &str) -> String {
        Self::document(root, |out| out.escaped(text))
    }

    fn write_document(root: &str, attributes: &str, children: impl FnOnce(&mut Self)) -> String {
        let mut out = Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned());
        out.push(format_args!("<{root}{attributes}>"));
        children(&mut out);
        out.push(format_args!("</{root}>"));
        out.0
    }

    /// An element with elements in it.
    pub(super) fn nested(&mut self, name: &str, children: impl FnOnce(&mut Self)) {
        self.push(format_args!("<{name}>"));
        children(self);
        self.push(format_args!("</{name}>"));
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.push(format_args!("<{name}>"));
        self.escaped(text);
        self.push(format_args!("</{name}>"));
    }

    /// An element with text in it, if there is any text.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A number or truth value.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.push(format_args!("<{name}>{value}</{name}>"));
    }

    /// An `ETag`, in the double quotes that belong to it.
    pub(super) fn etag(&mut self, etag: &str) {
        self.text("ETag", &format!("\"{etag}\""));
    }

    /// A time as `2009-10-12T17:50:30.000Z`.
    pub(super) fn time(&mut self, name: &str, moment: Timestamp) {
        let utc = TimeZone::UTC.to_datetime(moment);
        self.push(format_args!(
            "<{name}>{}.{:03}Z</{name}>",
            utc.strftime("%Y-%m-%dT%H:%M:%S"),
            utc.millisecond()
        ));
    }

    /// A user, as `Owner` or `Initiator`.
    pub(super) fn owner(&mut self, name: &str, id: &str) {
        self.nested(name, |out| {
            out.text("ID", id);
            out.text("DisplayName", id);
        });
    }

    /// The user whom a grant is for, as S3 clients read it: its kind is an attribute.
    pub(super) fn grantee(&mut self, id: &str) {
        self.push(format_args!(
            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
        ));
        self.text("ID", id);
        self.text("DisplayName", id);
        self.push(format_args!("</Grantee>"));
    }

    /// The prefixes of a listing that stand for all keys below them.
    pub(super) fn common_prefixes(&mut self, prefixes: &[&str], encoding_type: EncodingType) {
        for prefix in prefixes {
            self.nested("CommonPrefixes", |out| out.text("Prefix", &encoding_type.encode(prefix)));
        }
    }

    /// Escapes markup in the text. Characters that XML 1.0 cannot hold are written as references, as AWS does. A carriage
    /// return is written as a reference too, because a parser would read it as a line feed.
    fn escaped(&mut self, text: &str) {
        for char in escape(text).chars() {
            match char {
                '\t' | '\n' => self.0.push(char),
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                    self.push(format_args!("&#x{:X};", u32::from(char)));
                }
                _ => self.0.push(char),
            }
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.0.write_fmt(text);
    }
}
