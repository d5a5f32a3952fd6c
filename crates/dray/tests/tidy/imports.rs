//! What a file imports, read by a parser: other modules of its crate, and other crates. Imports of tests do not count.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

/// One import: where it is, and what it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The top-level module that imports; `lib` or `main` for the crate's root file.
    pub(crate) from: String,
    /// What is imported.
    pub(crate) to: Target,
    /// File and line, for whoever has to fix it.
    pub(crate) place: String,
}

/// What an import names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A top-level module of the same crate.
    Module(String),
    /// Another crate, as code spells it.
    Crate(String),
}

/// The sources of a crate.
pub(crate) struct Sources {
    /// Its name, as in `Cargo.toml`.
    pub(crate) name: String,
    /// Its top-level modules.
    pub(crate) modules: BTreeSet<String>,
    /// Everything that its files import, without tests.
    pub(crate) imports: Vec<Import>,
}

/// A file, and the path of its module: `["http", "error"]`.
struct Module {
    path: Vec<String>,
    file: PathBuf,
    syntax: syn::File,
}

impl Sources {
    /// Reads the crate in `folder`. Places are relative to `root`.
    pub(crate) fn read(root: &Path, folder: &Path) -> Self {
        let src = folder.join("src");
        let entry = [src.join("lib.rs"), src.join("main.rs")].into_iter().find(|file| file.exists()).unwrap();
        let mut files = Vec::new();
        read_module(&[], &entry, &src, &mut files);
        let modules: BTreeSet<String> = files
            .iter()
            .filter(|module| module.path.len() == 1)
            .map(|module| module.path[0].clone())
            .collect();
        let shown = root_names(&files[0].syntax, &modules);
        let at_root = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut imports = Vec::new();
        for module in &files {
            let mut reader = Reader {
                module,
                modules: &modules,
                shown: &shown,
                at_root: &at_root,
                root,
                imports: &mut imports,
            };
            reader.visit_file(&module.syntax);
        }
        imports.sort();
        imports.dedup();
        Self { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), modules, imports }
    }

    /// The imports between modules: who imports, whom, and where. They exclude those of the root file, which connects all modules.
    pub(crate) fn between_modules(&self) -> BTreeMap<(String, String), String> {
        let mut found = BTreeMap::new();
        for Import { from, to, place } in &self.imports {
            if let Target::Module(to) = to
                && from != to
                && !["lib", "main"].contains(&from.as_str())
            {
                found.entry((from.clone(), to.clone())).or_insert_with(|| place.clone());
            }
        }
        found
    }

    /// The other crates that `module` imports (`None` means any module), and where.
    pub(crate) fn crates(&self, module: Option<&str>) -> BTreeMap<String, String> {
        let of_module =
            self.imports.iter().filter(|import| module.is_none_or(|module| module == import.from));
        let mut crates = BTreeMap::new();
        for import in of_module {
            if let Target::Crate(name) = &import.to {
                crates.entry(name.clone()).or_insert_with(|| import.place.clone());
            }
        }
        crates
    }
}

/// Reads a module's file, and those of the modules that it declares. `folder` has the files of its children.
fn read_module(path: &[String], file: &Path, folder: &Path, modules: &mut Vec<Module>) {
    let text = fs::read_to_string(file).unwrap();
    let syntax = syn::parse_file(&text).unwrap_or_else(|err| panic!("{}: {err}", file.display()));
    let children: Vec<String> = syntax.items.iter().filter_map(declared).collect();
    modules.push(Module { path: path.to_vec(), file: file.to_owned(), syntax });
    for child in children {
        let (flat, nested) = (folder.join(format!("{child}.rs")), folder.join(&child).join("mod.rs"));
        let file = if flat.exists() { flat } else { nested };
        let path = [path, std::slice::from_ref(&child)].concat();
        read_module(&path, &file, &folder.join(child), modules);
    }
}

/// The name of a module that has its own file and is not for tests.
fn declared(item: &Item) -> Option<String> {
    match item {
        Item::Mod(ItemMod { attrs, ident, content: None, .. }) if !is_test(attrs) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg")
            && attr.parse_args::<TokenStream>().is_ok_and(|condition| condition.to_string() == "test")
    })
}

/// Names that the root file imports by `use`, and the module of each: `crate::Error` is `error`'s. A name from another crate
/// has no module.
fn root_names(root: &syn::File, modules: &BTreeSet<String>) -> BTreeMap<String, Option<String>> {
    let mut names = BTreeMap::new();
    for item in &root.items {
        if let Item::Use(ItemUse { tree, .. }) = item {
            for (path, name) in leaves(tree) {
                let first = path.iter().find(|segment| !["crate", "self"].contains(&segment.as_str()));
                names.insert(name, first.filter(|first| modules.contains(*first)).cloned());
            }
        }
    }
    names
}

/// Every path of a `use`, with the name that it introduces.
fn leaves(tree: &UseTree) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

fn collect(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    let mut leaf = |name: String, shown: String| {
        let mut path = before.clone();
        if name != "self" {
            path.push(name);
        }
        found.push((path, shown));
    };
    match tree {
        UseTree::Name(name) if name.ident == "self" => {
            leaf("self".into(), before.last().cloned().unwrap_or_default());
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), name.ident.to_string()),
        UseTree::Rename(rename) => leaf(rename.ident.to_string(), rename.rename.to_string()),
        UseTree::Glob(_) => found.push((before.clone(), "*".into())),
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            collect(&path.tree, before, found);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, before, found)),
    }
}

/// Walks a file and records its imports.
struct Reader<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<String>,
    shown: &'a BTreeMap<String, Option<String>>,
    at_root: &'a str,
    root: &'a Path,
    imports: &'a mut Vec<Import>,
}

impl Reader<'_> {
    fn note(&mut self, path: &[String], line: usize) {
        let Some(to) = self.target(path) else { return };
        let from = self.module.path.first().map_or(self.at_root, String::as_str).to_owned();
        let file = self.module.file.strip_prefix(self.root).unwrap_or(&self.module.file);
        self.imports.push(Import { from, to, place: format!("{}:{line}", file.display()) });
    }

    /// What a path names, if it is outside of this module and the standard library.
    fn target(&self, path: &[String]) -> Option<Target> {
        let first = path.first()?.as_str();
        let up = path.iter().take_while(|segment| *segment == "super").count();
        let absolute = match first {
            "crate" => path[1..].to_vec(),
            "super" => [&self.module.path[..self.module.path.len().saturating_sub(up)], &path[up..]].concat(),
            "self" | "std" | "core" | "alloc" => return None,
            _ if self.module.path.is_empty() && self.modules.contains(first) => path.to_vec(),
            _ if is_crate(first) => return Some(Target::Crate(first.to_owned())),
            _ => return None,
        };
        let name = absolute.first()?;
        if self.modules.contains(name) {
            return Some(Target::Module(name.clone()));
        }
        match self.shown.get(name) {
            Some(module) => module.clone().map(Target::Module),
            None => Some(Target::Module(self.at_root.to_owned())),
        }
    }

    /// The arguments of macros are not parsed, so paths in them are recognised by their colons.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons, mut line) = (Vec::<String>::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 || path.is_empty() => {
                    line = ident.span().start().line;
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.note_if_path(&path, line);
                    (path, colons) = (Vec::new(), 0);
                    match other {
                        TokenTree::Group(group) => self.note_tokens(group.stream()),
                        TokenTree::Ident(ident) => {
                            line = ident.span().start().line;
                            path.push(ident.to_string());
                        }
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
        }
        self.note_if_path(&path, line);
    }

    fn note_if_path(&mut self, path: &[String], line: usize) {
        if path.len() > 1 {
            self.note(path, line);
        }
    }
}

impl Visit<'_> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        for (path, _) in leaves(&item.tree) {
            self.note(&path, item.span().start().line);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note_if_path(&names, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &syn::Macro) {
        self.visit_path(&called.path);
        self.note_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.note_tokens(list.tokens.clone());
        }
    }
}

/// Whether a name at the start of a path is a crate that this workspace uses.
fn is_crate(name: &str) -> bool {
    thread_local! {
        static CRATES: HashSet<String> = known_crates();
    }
    CRATES.with(|crates| crates.contains(name))
}

/// The crates of the workspace, and those that it depends on, as code spells them.
fn known_crates() -> HashSet<String> {
    let manifest = fs::read_to_string(super::root().join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[workspace.dependencies]").unwrap();
    let lines = dependencies.lines().take_while(|line| !line.starts_with("[profile"));
    let named =
        lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().replace('-', "_"));
    named.collect()
}

#[test]
fn an_import_is_found_however_it_is_spelled() {
    let folder = tempfile::tempdir().unwrap();
    let src = folder.path().join("src");
    fs::create_dir_all(src.join("http")).unwrap();
    let write = |file: &str, text: &str| fs::write(src.join(file), text).unwrap();
    write(
        "lib.rs",
        "mod db;\nmod http;\nmod log;\nmod service;\npub use db::Pool as Connections;\nuse tokio as runtime;\nstruct Own;",
    );
    write("db.rs", "use std::fs;");
    write("log.rs", "#[cfg(test)]\nmod tests { use crate::db; }\n// use crate::db;");
    write(
        "service.rs",
        "fn run() { let _ = [1].map(|_| crate::db::open()); println!(\"{}\", super::log::level()); }",
    );
    write("http/mod.rs", "mod error;\nuse crate::{Connections, runtime};\nfn own(_: crate::Own) {}");
    write(
        "http/error.rs",
        "use super::super::{log::{self}, service::*};\nfn wait() { tokio::select! { _ = axum::serve() => {} } }",
    );
    let sources = Sources::read(folder.path(), folder.path());
    let found: Vec<String> =
        sources.between_modules().into_keys().map(|(from, to)| format!("{from} {to}")).collect();
    assert_eq!(found, ["http db", "http lib", "http log", "http service", "service db", "service log"]);
    assert_eq!(sources.crates(Some("http")).into_keys().collect::<Vec<_>>(), ["axum", "tokio"]);
    assert_eq!(sources.between_modules()[&("service".to_owned(), "log".to_owned())], "src/service.rs:1");
}
