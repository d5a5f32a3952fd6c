//! The people who upload to a file request: what they say about themselves, and the name of their folder.

use dray_api::limits::{MAX_EMAIL_CHARS, MAX_SUBMITTER_NAME_CHARS};
use dray_api::request::{Asks, NewSubmitter};
use dray_api::text::{direction_control, shows_nothing};
use jiff::Timestamp;

use super::Wants;
use crate::line::check_line;
use crate::name::ItemName;
use crate::upload::Upload;
use crate::{Error, Result, wire_time};

/// Somebody who uploads files to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submitter {
    /// The name that they gave.
    pub name: Option<String>,
    /// The email address that they gave.
    pub email: Option<String>,
    /// When they opened the request.
    pub created_at: Timestamp,
    /// When they started their first upload.
    pub sent_at: Option<Timestamp>,
    /// The generation of the request's password when they opened it. `None` if that was before generations were counted.
    pub generation: Option<u64>,
    /// The network from which they came, as [`crate::network::Network`] shows it, while it is known.
    pub network: Option<String>,
}

impl Submitter {
    /// Reads what a new submitter says about themselves. What the request does not ask for is not kept; it is refused all the
    /// same if it is too long.
    pub fn parse(wants: &Wants, new: &NewSubmitter, now: Timestamp) -> Result<Self> {
        for (field, text, most) in
            [("name", &new.name, MAX_SUBMITTER_NAME_CHARS), ("email", &new.email, MAX_EMAIL_CHARS)]
        {
            if text.as_ref().is_some_and(|text| text.chars().count() > most) {
                return Err(Error::field(field, format!("must be at most {most} characters")));
            }
        }
        let name = asked("name", wants.asks_name, new.name.as_deref())?;
        let email = asked("email", wants.asks_email, new.email.as_deref())?;
        name.map_or(Ok(()), |name| check_line("name", name, MAX_SUBMITTER_NAME_CHARS))?;
        if email.is_some_and(|email| !is_address(email)) {
            return Err(Error::field("email", "must be an email address such as ada@example.com"));
        }
        Ok(Self {
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            created_at: now,
            ..Self::default()
        })
    }

    /// The name of their own folder: their name or email address, changed where items cannot have it, and the time.
    pub fn folder_name(&self) -> String {
        const MOST_CHARS: usize = 100;
        let time = self.created_at.strftime("%Y-%m-%d %H.%M.%S");
        let given = self.name.as_deref().or(self.email.as_deref()).unwrap_or_default();
        let plain: String =
            given.chars().map(|c| if matches!(c, '/' | '\\') { '-' } else { c }).take(MOST_CHARS).collect();
        let named = ItemName::parse("name", format!("{} {time}", plain.trim()));
        named.map_or_else(|_| format!("Submitter {time}"), ItemName::into_string).trim().to_owned()
    }
}

/// The trimmed value of a field, if the request asks for it and it was given.
fn asked<'a>(field: &'static str, asks: Asks, given: Option<&'a str>) -> Result<Option<&'a str>> {
    let given = given.map(str::trim).filter(|text| !text.is_empty());
    match (asks, given) {
        (Asks::No, _) => Ok(None),
        (Asks::Required, None) => {
            Err(Error::field(field, "must be given, because this file request asks for it"))
        }
        (_, given) => Ok(given),
    }
}

/// Whether a text has the form of an email address, all of which can be seen in its order.
fn is_address(text: &str) -> bool {
    let is_unseen = |c: char| shows_nothing(c) || direction_control(c).is_some();
    let has_parts = text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    has_parts && text.matches('@').count() == 1 && !text.contains(is_unseen)
}

/// The submitter of an upload, as the wire has it.
pub fn submitter_to_wire(upload: &Upload, submitter: &Submitter) -> Option<dray_api::request::Submitter> {
    Some(dray_api::request::Submitter {
        id: upload.attached.grant?,
        name: submitter.name.clone(),
        email: submitter.email.clone(),
        created_at: wire_time(submitter.created_at),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::wants;
    use super::*;

    fn came(wants: &Wants, name: &str, email: &str) -> Result<Submitter> {
        let new = NewSubmitter { name: Some(name.into()), email: Some(email.into()), password: None };
        Submitter::parse(wants, &new, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn fields_that_are_not_asked_for_are_dropped_and_required_ones_must_be_given() {
        let given = |submitter: Submitter| (submitter.name, submitter.email);
        let none = came(&wants(Asks::No, Asks::No), "Ada", "ada@example.com").unwrap();
        assert_eq!(given(none), (None, None));
        let optional = wants(Asks::Optional, Asks::Optional);
        assert_eq!(given(came(&optional, " Ada ", " ").unwrap()), (Some("Ada".into()), None));
        assert!(came(&wants(Asks::No, Asks::No), &"x".repeat(101), "").is_err());
        assert!(came(&wants(Asks::No, Asks::No), "", &"x".repeat(255)).is_err());
        assert!(came(&wants(Asks::Required, Asks::No), " ", "").is_err());
        assert!(came(&wants(Asks::No, Asks::Required), "Ada", "").is_err());
    }

    #[test]
    fn names_and_mail_addresses_with_a_wrong_form_are_refused() {
        let optional = wants(Asks::Optional, Asks::Optional);
        for name in ["a\nb", "a\0", "\u{200b}", "\u{202e}adA", &"x".repeat(101)] {
            assert!(came(&optional, name, "").is_err(), "{name:?}");
        }
        for email in [
            "ada",
            "ada@",
            "@example.com",
            "a@b",
            "a b@c.d",
            "a@b@c.d",
            "a@.d",
            "a@d.",
            "a\0@b.c",
            "\u{202e}a@b.c",
            "a\u{200b}@b.c",
        ] {
            assert!(came(&optional, "", email).is_err(), "{email:?}");
        }
        assert!(came(&optional, "Ada Lovelace", "ada+x@mail.example.com").is_ok());
    }

    #[test]
    fn a_folder_is_named_after_its_submitter_without_what_names_cannot_have() {
        let optional = wants(Asks::Optional, Asks::Optional);
        let folder = |name: &str, email: &str| came(&optional, name, email).unwrap().folder_name();
        assert_eq!(folder("Ada", "a@b.c"), "Ada 1970-01-01 00.00.00");
        assert_eq!(folder("", "a@b.c"), "a@b.c 1970-01-01 00.00.00");
        assert_eq!(folder("../..", ""), "..-.. 1970-01-01 00.00.00");
        // As earlier versions kept it.
        let name = Some("a\u{202e}b".to_owned());
        let earlier = Submitter { name, ..came(&optional, "", "").unwrap() };
        assert_eq!(earlier.folder_name(), "Submitter 1970-01-01 00.00.00");
        assert_eq!(folder("", ""), "1970-01-01 00.00.00");
    }
}
