//! The transfer engine with a drive and a store that misbehave on purpose, over real connections.
//! (The tests of the terminal client use the real server.)

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod download;
mod proof;
mod saved;
mod slow;
mod stage;
mod upload;
