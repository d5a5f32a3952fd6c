//! Which commands, flags and variables there are, as `--help` says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::drive::dray;

/// A command, such as `dray uploads list`, and what its help names.
pub(super) struct Help {
    /// Its words after `dray`; empty for `dray` itself.
    pub(super) words: Vec<String>,
    pub(super) flags: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
    subcommands: BTreeSet<String>,
}

/// Every command.
pub(super) struct Commands(Vec<Help>);

impl Commands {
    /// Reads the help of the binary, once for all tests.
    pub(super) fn ask() -> &'static Self {
        static COMMANDS: LazyLock<Commands> = LazyLock::new(|| {
            let mut found = Vec::new();
            ask(&[], &mut found);
            assert!(found.len() > 30, "the help names too few commands: {}", found.len());
            Commands(found)
        });
        &COMMANDS
    }

    /// Commands that do something, not those that only group others.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Help> {
        self.0.iter().filter(|help| help.subcommands.is_empty())
    }

    pub(super) fn named(&self, words: &[&str]) -> &Help {
        self.0.iter().find(|help| help.words == words).unwrap()
    }

    pub(super) fn has_flag(&self, flag: &str) -> bool {
        self.0.iter().any(|help| help.flags.contains(flag))
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.0.iter().any(|help| help.variables.contains(name))
    }

    /// What is wrong with a command line, given as the words after `dray`, if anything is.
    pub(super) fn fault(&self, line: &[&str]) -> Option<String> {
        let mut help = self.named(&[]);
        let mut rest = line;
        while let Some((word, others)) = rest.split_first() {
            if *word == "help" {
                return None;
            }
            if !help.subcommands.contains(*word) {
                break;
            }
            let words: Vec<&str> = help.words.iter().map(String::as_str).chain([*word]).collect();
            (help, rest) = (self.named(&words), others);
        }
        if let Some(word) = rest.first().filter(|word| !word.starts_with('-') && !help.subcommands.is_empty())
        {
            return Some(format!("`dray {}` has no command `{word}`", help.words.join(" ")));
        }
        let flags = rest.iter().filter(|word| word.starts_with("--") && word.len() > 2);
        let mut names = flags.map(|flag| flag.split('=').next().unwrap());
        names
            .find(|flag| !help.flags.contains(*flag))
            .map(|flag| format!("`dray {}` has no flag `{flag}`", help.words.join(" ")))
    }
}

fn ask(words: &[String], found: &mut Vec<Help>) {
    let output = dray().args(words).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let subcommands = subcommands(&text);
    found.push(Help {
        words: words.to_owned(),
        flags: flags(&text),
        variables: variables(&text),
        subcommands: subcommands.clone(),
    });
    for word in subcommands {
        ask(&[words, &[word]].concat(), found);
    }
}

/// The names under `Commands:`, without `help`.
fn subcommands(text: &str) -> BTreeSet<String> {
    let after = text.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = after.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(Into::into)
        .collect()
}

/// The flags that the lines of the help define. Flags that sentences mention do not count; those lines are indented
/// further.
fn flags(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let defining =
        lines.filter_map(|line| line.strip_prefix("    ").or_else(|| line.strip_prefix('-')?.get(3..)));
    let names =
        defining.filter(|line| line.starts_with("--")).filter_map(|line| line.split_whitespace().next());
    names.map(Into::into).collect()
}

fn variables(text: &str) -> BTreeSet<String> {
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = unwrapped.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    named.map(Into::into).collect()
}

#[test]
fn the_help_is_read_with_its_commands_flags_and_variables() {
    let commands = Commands::ask();
    assert!(commands.named(&["uploads", "abort"]).flags.contains("--all"));
    assert!(commands.named(&["download"]).flags.contains("--output"));
    assert!(!commands.named(&["serve"]).flags.iter().any(|flag| flag.contains([')', ','])));
    assert!(commands.has_variable("DRAY_MAX_FILE_SIZE"));
    assert_eq!(commands.fault(&["uploads", "abort", "--all"]), None);
    assert!(commands.fault(&["uploads", "abort", "--everything"]).is_some());
    assert!(commands.fault(&["uploads", "forget"]).is_some());
    assert!(commands.fault(&["teleport"]).is_some());
}
