//! Secrets. Other users of this machine see a program's arguments, so each secret can come from a variable or a file too.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::str::FromStr;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

/// The maximum number of bytes of a secret's file. A larger file is a mistake.
const MAX_BYTES: u64 = 64 * 1024;

/// The content of a file, without the white space around it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct InFile<T = String>(pub(crate) T);

impl<T> fmt::Debug for InFile<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InFile(…)")
    }
}

impl<T: FromStr<Err: fmt::Display>> FromStr for InFile<T> {
    type Err = String;

    /// Reads the file at `path`.
    fn from_str(path: &str) -> Result<Self, String> {
        let mut text = String::new();
        let mut file = File::open(path).map_err(|error| error.to_string())?.take(MAX_BYTES + 1);
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
        if text.len() as u64 > MAX_BYTES {
            return Err("the file is too large to hold a secret".to_owned());
        }
        text.trim().parse().map(Self).map_err(|error: T::Err| format!("the file's content {error}"))
    }
}

/// The secret, from the flag, its variable or its file.
pub(crate) fn either<T: Clone>(given: Option<&T>, in_file: Option<&InFile<T>>) -> Option<T> {
    given.or(in_file.map(|InFile(secret)| secret)).cloned()
}

/// Removes the value of a secret from an error. The error then says only that the value is wrong.
pub(crate) fn conceal(error: &mut clap::Error) {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(named)) => named.clone(),
        _ => return,
    };
    let mut command = super::Args::command();
    // clap knows its names for arguments in errors only after the command is built.
    command.build();
    if is_secret(&command, &named) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
}

/// Whether errors call a secret argument by this name.
fn is_secret(command: &clap::Command, named: &str) -> bool {
    let own = |argument: &clap::Arg| argument.is_hide_env_values_set() && argument.to_string() == named;
    command.get_arguments().any(own) || command.get_subcommands().any(|command| is_secret(command, named))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn a_secret_is_read_from_its_file_without_the_last_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = || path.to_str().unwrap().parse::<InFile>();
        assert!(read().is_err());
        std::fs::write(&path, "cp_pat_x\n").unwrap();
        assert_eq!(read(), Ok(InFile("cp_pat_x".to_owned())));
        std::fs::write(&path, "x".repeat(70_000)).unwrap();
        assert!(read().is_err());
    }

    #[test]
    fn a_wrong_secret_is_not_shown() {
        let mut error =
            Args::try_parse_from(["dray", "serve", "--webhook-secret", "whsec_mine"]).unwrap_err();
        conceal(&mut error);
        let said = error.render().to_string();
        assert!(said.contains("--webhook-secret") && !said.contains("whsec_mine"), "{said}");
    }
}
