//! Commands that show what is in the drive.

use dray_api::{ItemType, SearchHits, TreeNode};

use super::files::connect;
use crate::args::{Search, Tree};
use crate::exit::Exit;
use crate::output::Output;

pub(super) async fn tree(args: Tree) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let tree = client.tree(args.parent, args.depth).await?;
    let output = Output::new(args.connection.json);
    let mut lines = Vec::with_capacity(tree.total_items);
    draw(&tree.root, 0, &mut lines);
    output.results(&lines, &tree)?;
    if tree.truncated {
        output.note(&format!("only the first {} items are shown", tree.total_items));
    }
    for folder in &tree.next_parent_ids {
        output.note(&format!("to see the rest of a folder: dray tree --parent {folder}"));
    }
    Ok(Exit::Ok)
}

/// One line for each of `nodes`, indented below its folder.
fn draw(nodes: &[TreeNode], level: usize, lines: &mut Vec<String>) {
    for TreeNode { item, children, .. } in nodes {
        let slash = if item.kind == ItemType::Folder { "/" } else { "" };
        lines.push(format!("{}  {:indent$}{}{slash}", item.id, "", item.name, indent = level * 2));
        draw(children, level + 1, lines);
    }
}

pub(super) async fn search(args: Search) -> anyhow::Result<Exit> {
    let client = connect(&args.connection)?;
    let found = client.search(&args.words.join(" "), args.limit).await?;
    let output = Output::new(args.connection.json);
    output.results(&listed(&found), &found)?;
    let hidden = found.total_hits.saturating_sub(found.hits.len() as u64);
    if hidden > 0 {
        output.note(&format!("{hidden} more: add a word, or raise --limit"));
    }
    Ok(Exit::Ok)
}

fn listed(found: &SearchHits) -> Vec<String> {
    found.hits.iter().map(|item| format!("{}  {}", item.id, item.name)).collect()
}
