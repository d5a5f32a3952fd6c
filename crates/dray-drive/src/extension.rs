//! File extensions, which tell people and systems the type of a file. Everything that judges a file by its extension
//! does it here. This file does not know which types are accepted.

use dray_api::text::shows_nothing;

/// The extension of a name, without the dots, blanks and invisible characters after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension(String);

impl Extension {
    /// The extension of this name. Upper and lower case count as the same.
    pub fn of(name: &str) -> Self {
        Self(visible(name).to_lowercase())
    }

    /// Whether it is this one (`.pdf`, `.tar.gz`), in lower case.
    pub fn is(&self, end: &str) -> bool {
        self.0.ends_with(end)
    }

    /// The MIME type of files whose names end like this, if it is known. A name that is nothing else (`.pdf`) counts too.
    pub fn mime_type(&self) -> Option<&'static str> {
        let (_, extension) = self.0.rsplit_once('.')?;
        mime_guess::from_ext(extension).first_raw()
    }
}

/// A name without the dots, blanks and invisible characters at its end. Windows removes dots and blanks there, and nobody sees
/// the rest.
pub fn visible(name: &str) -> &str {
    name.trim_end_matches(|c| c == '.' || shows_nothing(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_unseen_hides_the_end_of_a_name() {
        for unseen in
            ["", ".", " ", ". .", "\u{a0}", "\u{3000}", "\u{200b}", "\u{200f}.", "\u{ad}", "\u{fe0f} ."]
        {
            let extension = Extension::of(&format!("a.tar.PDF{unseen}"));
            assert!(extension.is(".pdf") && extension.is(".tar.pdf") && !extension.is(".tar"), "{unseen:?}");
            assert_eq!(extension.mime_type(), Some("application/pdf"), "{unseen:?}");
        }
    }

    #[test]
    fn a_name_that_is_only_an_end_has_its_type() {
        assert_eq!(Extension::of(".pdf").mime_type(), Some("application/pdf"));
        for name in ["pdf", "", "...", "a.", "a.unheard-of", "a.pdf x"] {
            assert_eq!(Extension::of(name).mime_type(), None, "{name:?}");
        }
    }
}
