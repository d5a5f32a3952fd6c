//! What a server's refusal means to a person with this client. The server's messages are for programmers of the API: they
//! name fields, routes and calls that such a person never sees. This file knows no statuses and retries nothing.

use dray_api::{ErrorBody, ErrorCode as Code};

/// The refusal for people: a text of this client, or the server's, in which fields are called as people know them.
pub(crate) fn told(body: &ErrorBody) -> String {
    own_text(body.code).map_or_else(|| in_plain_words(&body.message), str::to_owned)
}

/// Texts for refusals whose cause and remedy are others at a terminal than in a program.
fn own_text(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::NameTaken => {
            "The folder already has a file of this name, and this upload was not to change that. Nothing was saved. Rename one of the two, or choose another --on-conflict."
        }
        Code::InvalidPart | Code::PartTooSmall | Code::SizeMismatch | Code::ChecksumMismatch => {
            "The store does not have the bytes that were sent. Nothing was saved. Upload the file again."
        }
        Code::ChecksumUnproven => {
            "The server's object store cannot prove that it has the right bytes. Nothing was saved. Tell the operator of the server."
        }
        Code::UploadNotFound => "There is no such upload, or it is not yours: see `dray uploads list`.",
        Code::FinalizedDifferently => {
            "The upload has ended already, with other bytes. Its file stays as it is. Upload this one with `dray upload`."
        }
        Code::ItemGone => {
            "The upload had become a file, which is no longer there, or which you can no longer see. Look into `dray trash list`, or upload it again."
        }
        Code::AlreadyFinalized => {
            "The upload has ended, and its file is in the drive. `dray rm` removes files."
        }
        Code::FinalizeInProgress | Code::FinalizePending => {
            "The server is still saving the file. Look whether it is in the drive before you upload it again."
        }
        Code::UploadFolderClosed => {
            "The folder of this upload was trashed, removed, moved, or closed to you. The server keeps what was sent until the upload expires: continue with `dray uploads resume` once the folder is back."
        }
        Code::MissingToken => {
            "The server asks for a token: set DRAY_TOKEN, or name a file that holds the token with --token-file."
        }
        Code::InvalidToken => {
            "The server does not know this token. Check that DRAY_TOKEN (or the file of --token-file) has the whole token, and that DRAY_URL (or --url) names the server that made it. `dray token create`, where the server's data is, makes another."
        }
        Code::WrongTokenKind => {
            "This needs a personal access token (cp_pat_…), and DRAY_TOKEN (or the file of --token-file) has another kind of secret."
        }
        Code::RouteNotFound | Code::MethodNotAllowed => {
            "A server answers there, but it does not know this request. Check DRAY_URL (or --url): it must be the address that `dray serve` prints, with nothing after it. Otherwise the server is older than this program."
        }
        Code::NotAFolder => "The place is a file, and only folders contain something.",
        Code::IntoItself => "A folder cannot be moved into itself, or into a folder below it.",
        Code::UserNotFound => "The workspace has no such user.",
        Code::IdempotencyKeyReused | Code::IdempotencyKeyInUse => {
            "The server is still busy with the same request. Look whether it took effect before you try again."
        }
        Code::Timeout => {
            "The request took too long, and may still take effect. Look whether it did before you try again."
        }
        _ => return None,
    })
}

/// Phrases of the server's messages, and what they say to people.
const PHRASES: [(&str, &str); 7] = [
    ("GET /drive/uploads lists yours, as `dray uploads list` does", "`dray uploads list` lists yours"),
    ("GET /drive/uploads lists them, as `dray uploads list` does", "`dray uploads list` lists them"),
    (
        "The end of the name and mimeType say which type a file has.",
        "The end of its name says which type a file has.",
    ),
    ("mimeType: the file was announced as", "By its name, the file is"),
    ("Upload it again with its real type.", "Give its name the end of its real type, and upload it again."),
    ("q is missing or empty", "The search has no words"),
    ("q must", "The search must"),
];

/// Fields of the API, and how people know them: as flags, or as what they are about.
const FIELDS: [(&str, &str); 20] = [
    ("fileName", "the file's name"),
    ("fileSize", "the file's size"),
    ("mimeType", "the file's type"),
    ("parentId", "the folder"),
    ("folderId", "the folder"),
    ("userId", "the user"),
    ("onConflict", "--on-conflict"),
    ("maxFiles", "--max-files"),
    ("maxFileBytes", "--max-file-size"),
    ("maxBytes", "--max-size"),
    ("maxSubmitters", "--max-submitters"),
    ("maxTotalFiles", "--max-total-files"),
    ("maxTotalBytes", "--max-total-size"),
    ("externalId", "--external-id"),
    ("expiresAt", "the time of --expires-in"),
    ("deadline", "the time of --closes-in"),
    ("types", "--type"),
    ("partNumber", "the part's number"),
    ("uploadId", "the upload's id"),
    ("fileKey", "the upload's key"),
];

fn in_plain_words(message: &str) -> String {
    let mut text = message.to_owned();
    for (theirs, ours) in PHRASES {
        text = text.replace(theirs, ours);
    }
    let words: Vec<_> = text.split(' ').enumerate().map(|(at, word)| in_plain_word(word, at == 0)).collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A word, or what people call the field that it names. Fields that are also words of English are recognised only at the
/// beginning, where the server names the field that a refusal is about.
fn in_plain_word(word: &str, is_first: bool) -> String {
    let (name, rest) = word.split_at(word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len()));
    let may_be = is_first || name.contains(char::is_uppercase);
    let ours = FIELDS.iter().find(|(theirs, _)| may_be && *theirs == name);
    ours.map_or_else(|| word.to_owned(), |(_, ours)| format!("{ours}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Code, message: &str) -> String {
        let error = String::new();
        told(&ErrorBody { status_code: 400, error, code, message: message.to_owned(), retry_after: None })
    }

    #[test]
    fn no_text_of_the_client_names_what_only_programmers_of_the_api_see() {
        for code in Code::ALL {
            let Some(text) = own_text(*code) else { continue };
            let is_field =
                |word: &str| word.chars().skip(1).any(char::is_uppercase) && !word.contains("DRAY_");
            let odd: Vec<_> = text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .filter(|word| is_field(word))
                .collect();
            assert!(odd.is_empty(), "{code:?}: {odd:?}");
            for word in ["finalize", "GET ", "POST ", "route", "Bearer", "Idempotency"] {
                assert!(!text.contains(word), "{code:?}: {word}");
            }
        }
    }

    #[test]
    fn fields_of_the_api_are_called_as_people_know_them() {
        for (message, shown) in [
            ("fileSize is 7 bytes; the limit is 5.", "The file's size is 7 bytes; the limit is 5."),
            ("maxFiles must be 1 to 10000.", "--max-files must be 1 to 10000."),
            ("types[3] must be at most 255 characters.", "--type[3] must be at most 255 characters."),
            (
                "parentId is too deep: folders can be nested at most 64 deep.",
                "The folder is too deep: folders can be nested at most 64 deep.",
            ),
            (
                "q is missing or empty: give a word, or the beginning of one.",
                "The search has no words: give a word, or the beginning of one.",
            ),
            (
                "You have 5 unfinished uploads, and this server allows no more. Finish or abort some (GET /drive/uploads lists them, as `dray uploads list` does), or wait until they expire.",
                "You have 5 unfinished uploads, and this server allows no more. Finish or abort some (`dray uploads list` lists them), or wait until they expire.",
            ),
            (
                "There is no such item, or you may not see it.",
                "There is no such item, or you may not see it.",
            ),
        ] {
            assert_eq!(of(Code::InvalidField, message), shown);
        }
    }

    #[test]
    fn a_refusal_about_the_token_or_the_address_names_where_they_come_from() {
        assert!(of(Code::InvalidToken, "").contains("DRAY_TOKEN"));
        assert!(of(Code::RouteNotFound, "There is no route /a/public/v1/drive/tree.").contains("DRAY_URL"));
    }
}
