//! Builds this crate again when the page was: what `rust-embed` embeds is no input that cargo sees.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
