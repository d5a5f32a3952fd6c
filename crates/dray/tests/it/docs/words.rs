//! Everything that the documentation names exists: commands, flags, variables, `make` targets, metrics, files.

use std::fs;
use std::path::Path;

use super::help::Commands;
use super::page::{Block, Page, pages, root};

/// Everything that a page may name.
struct Known {
    commands: &'static Commands,
    makefile: String,
    metrics: String,
    /// Texts that read variables other than the program's: tests, benches and scripts.
    tools: String,
    /// Every file, from the root, with the folders `crates` and `src` left out: `dray-server/http/error.rs`.
    files: Vec<String>,
}

impl Known {
    fn ask() -> Self {
        let mut files = Vec::new();
        for folder in [
            "crates",
            "scripts",
            "tests",
            "docs",
            "bench",
            "fuzz",
            "web/src",
            "web/packages",
            "web/test",
            ".github",
        ] {
            files_in(&root().join(folder), &mut files);
        }
        let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
        let is_tool = |name: &&String| {
            let folders = ["scripts/", "bench/", "tests/", "fuzz/", "web/test/"];
            let of_crates = ["/tests/", "/benches/"];
            // This test names variables that do not exist.
            !name.contains("/it/docs/")
                && (folders.iter().any(|folder| name.starts_with(folder))
                    || of_crates.iter().any(|folder| name.contains(folder)))
        };
        let texts =
            files.iter().filter(is_tool).filter_map(|name| fs::read_to_string(root().join(name)).ok());
        Self {
            commands: Commands::ask(),
            makefile: read("Makefile"),
            metrics: read("crates/dray-server/src/metrics.rs"),
            tools: texts.collect(),
            files,
        }
    }

    /// What is wrong with a piece of inline code, if anything is.
    fn fault_of_code(&self, code: &str) -> Option<String> {
        if code.starts_with("dray ") {
            return self.fault_of_line(code);
        }
        let first = code.split([' ', '=', '…']).next().unwrap_or_default();
        if first.starts_with("--") && first.len() > 2 && !first.ends_with('-') {
            return (!self.commands.has_flag(first)).then(|| format!("no command has the flag `{first}`"));
        }
        if let Some(target) = code.strip_prefix("make ") {
            return self.fault_of_target(target);
        }
        if is_metric(code) {
            return (!self.metrics.contains(&format!("\"{code}\""))).then(|| format!("no metric `{code}`"));
        }
        self.fault_of_variables(code).or_else(|| self.fault_of_file(code))
    }

    /// What is wrong with a line of shell, if anything is.
    fn fault_of_line(&self, line: &str) -> Option<String> {
        let fault = simple_commands(line).iter().find_map(|words| match words.split_first() {
            Some((&"dray", rest)) => self.commands.fault(rest),
            Some((&"make", rest)) => rest.first().and_then(|target| self.fault_of_target(target)),
            _ => None,
        });
        fault.or_else(|| self.fault_of_variables(line))
    }

    fn fault_of_target(&self, target: &str) -> Option<String> {
        let target = target.split_whitespace().next().unwrap_or_default();
        let known = self.makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
        (!known).then(|| format!("the Makefile has no target `{target}`"))
    }

    fn fault_of_variables(&self, text: &str) -> Option<String> {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let words =
            text.split(|c| !is_part(c)).filter(|word| word.starts_with("DRAY_") && !word.ends_with('_'));
        let mut unknown =
            words.filter(|word| !self.commands.has_variable(word) && !self.tools.contains(*word));
        unknown.next().map(|word| format!("nothing reads the variable `{word}`"))
    }

    fn fault_of_file(&self, code: &str) -> Option<String> {
        let is_path = code.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        if !is_path || !names_a_file(code) {
            return None;
        }
        let wanted = short(code.trim_end_matches('/'));
        let known = self.files.iter().any(|file| {
            let file = short(file);
            file == wanted
                || file.ends_with(&format!("/{wanted}"))
                || file.starts_with(&format!("{wanted}/"))
                || file.contains(&format!("/{wanted}/"))
        });
        (!known && !root().join(code).exists()).then(|| format!("no file or folder `{code}`"))
    }
}

/// Whether a piece of code is the path of a file here: a source file, or in a folder that only repositories have.
fn names_a_file(code: &str) -> bool {
    let folders = ["crates/", "scripts/", "tests/", "bench/", "fuzz/", "web/", "docs/src/"];
    Path::new(code).extension().is_some_and(|ending| ["rs", "sql", "ts"].iter().any(|known| ending == *known))
        || folders.iter().any(|folder| code.starts_with(folder))
}

/// A path without the parts that the documentation leaves out: `crates/dray-db/src/tokens.rs` is `db/tokens.rs`.
fn short(path: &str) -> String {
    let parts = path.split('/').filter(|part| !["crates", "src"].contains(part));
    parts.map(|part| part.strip_prefix("dray-").unwrap_or(part)).collect::<Vec<_>>().join("/")
}

fn is_metric(code: &str) -> bool {
    code.starts_with("dray_")
        && ["_total", "_seconds", "_bytes"].iter().any(|ending| code.ends_with(ending))
        && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The simple commands of a line of shell, as words, without variables that are set before them. It understands only as
/// much of the shell as the documentation uses.
fn simple_commands(line: &str) -> Vec<Vec<&str>> {
    let parts = line.split(|c| "|;&()\"'`".contains(c));
    let words = parts.map(|part| part.split_whitespace().skip_while(|word| word.contains('=')).collect());
    words.filter(|words: &Vec<_>| !words.is_empty()).collect()
}

/// The lines of a block without comments. Lines that a backslash continues count as one.
fn lines(block: &Block) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    for (at, line) in block.text.lines().enumerate() {
        let code = line.split(" #").next().unwrap_or_default();
        let code = if code.starts_with('#') { "" } else { code };
        match lines.last_mut() {
            Some((_, last)) if continues => last.push_str(code.trim_end_matches('\\')),
            _ => lines.push((block.line + 1 + at, code.trim_end_matches('\\').to_owned())),
        }
        continues = code.trim_end().ends_with('\\');
    }
    lines
}

fn faults(known: &Known, page: &Page) -> Vec<String> {
    let code = page.code().into_iter().map(|code| (code.line, known.fault_of_code(&code.text)));
    let shell = page.blocks().into_iter().filter(|block| block.language.starts_with("sh"));
    let lines = shell.flat_map(|block| lines(&block));
    let lines = lines.map(|(line, text)| (line, known.fault_of_line(&text)));
    let faults = code.chain(lines.collect::<Vec<_>>());
    faults.filter_map(|(line, fault)| Some(format!("{}:{line}: {}", page.name, fault?))).collect()
}

fn files_in(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        } else if !path.ends_with("venv") && !path.ends_with("node_modules") {
            files_in(&path, found);
        }
    }
}

#[test]
fn every_command_flag_variable_metric_and_file_that_the_documentation_names_exists() {
    let known = Known::ask();
    let faults: Vec<_> = pages().iter().flat_map(|page| faults(&known, page)).collect();
    assert!(faults.is_empty(), "the documentation names what does not exist:\n{}", faults.join("\n"));
}

#[test]
fn a_name_that_is_stale_is_found() {
    let known = Known::ask();
    for stale in [
        "dray teleport",
        "dray upload --fast",
        "--no-such-flag",
        "DRAY_NO_SUCH_SETTING",
        "make coffee",
        "dray_no_such_total",
        "http/no_such_file.rs",
        "scripts/no-such-script",
    ] {
        assert!(known.fault_of_code(stale).is_some(), "{stale}");
    }
    for stale in ["id=$(dray upload --fast x | jq -r .id)", "FOO=1 dray teleport", "make coffee"] {
        assert!(known.fault_of_line(stale).is_some(), "{stale}");
    }
    for fine in ["dray uploads abort --all", "--s3-bucket NAME", "DRAY_DATA", "http/error.rs", "make test"] {
        assert_eq!(known.fault_of_code(fine), None, "{fine}");
    }
}

#[test]
fn every_block_of_code_says_its_language() {
    for page in pages() {
        for block in page.blocks() {
            assert!(!block.language.is_empty(), "{}:{}: the fence names no language", page.name, block.line);
        }
    }
}
