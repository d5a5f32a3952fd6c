//! Builds this crate again when the page has changed, because cargo does not see the files that `rust-embed` embeds.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
