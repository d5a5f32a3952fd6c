//! The pages: every Markdown file that people read, and the parts of it that tests check. It does not judge them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A Markdown file.
pub(super) struct Page {
    /// Its path from the root of the repository: `docs/src/start.md`.
    pub(super) name: String,
    text: String,
}

/// A fenced block of code.
pub(super) struct Block {
    pub(super) line: usize,
    /// The text after the fence: `sh` or `sh,norun`.
    pub(super) language: String,
    pub(super) text: String,
}

/// A piece of a page, and where it is.
pub(super) struct Found {
    pub(super) line: usize,
    pub(super) text: String,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every page: of the root, of the book, of the tests, and of the crates.
pub(super) fn pages() -> Vec<Page> {
    let mut files = Vec::new();
    markdown_in(&root(), false, &mut files);
    markdown_in(&root().join("docs"), true, &mut files);
    markdown_in(&root().join("tests"), false, &mut files);
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        markdown_in(&entry.unwrap().path(), false, &mut files);
    }
    files.sort();
    assert!(files.len() > 10, "the walk found too little: {files:?}");
    files.iter().map(|path| Page::read(path)).collect()
}

fn markdown_in(folder: &Path, deep: bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            markdown_in(&path, true, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        Self { name, text: fs::read_to_string(path).unwrap() }
    }

    pub(super) fn named(name: &str) -> Self {
        Self::read(&root().join(name))
    }

    /// The folder that its links are relative to.
    pub(super) fn folder(&self) -> PathBuf {
        root().join(&self.name).parent().unwrap().to_owned()
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, usize)> {
        let line = |range: Range<usize>| self.text[..range.start].matches('\n').count() + 1;
        Parser::new_ext(&self.text, Options::ENABLE_TABLES)
            .into_offset_iter()
            .map(move |(event, range)| (event, line(range)))
    }

    /// The targets of its links and pictures.
    pub(super) fn links(&self) -> Vec<Found> {
        self.events()
            .filter_map(|(event, line)| match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    Some(Found { line, text: dest_url.into_string() })
                }
                _ => None,
            })
            .collect()
    }

    /// Inline code.
    pub(super) fn code(&self) -> Vec<Found> {
        self.events()
            .filter_map(|(event, line)| match event {
                Event::Code(text) => Some(Found { line, text: text.into_string() }),
                _ => None,
            })
            .collect()
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for (event, line) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    blocks.push(Block { line, language, text: String::new() });
                    inside = true;
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => blocks.last_mut().unwrap().text.push_str(&text),
                _ => {}
            }
        }
        blocks
    }

    /// The anchors of its headings, as GitHub and mdBook name them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        let mut heading = None;
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let name = anchor(&heading.take().unwrap());
                    let others = anchors.iter().filter(|other| **other == name).count();
                    anchors.push(if others == 0 { name } else { format!("{name}-{others}") });
                }
                _ => {}
            }
        }
        anchors
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn headings_have_the_anchors_that_github_and_mdbook_give_them() {
    assert_eq!(anchor("Network, TLS and limits"), "network-tls-and-limits");
    assert_eq!(anchor("Client × what works"), "client--what-works");
}
