//! The transfer engine against a drive and a store that misbehave on purpose, over real connections.
//! (How it works with the server that we ship is tested with the terminal client.)

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod download;
mod stage;
mod upload;
