//! The service over HTTP, as its users meet it. One module a route or a concern; `world` starts a real server on
//! a folder of its own, and actors act on it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can not go on fails")]

mod database;
mod store;
mod world;

mod auth;
mod bad_input;
mod browser;
mod clients;
mod download;
mod finalize;
mod folders;
mod health;
mod items;
mod operators;
mod presigned_urls;
mod recover;
mod search;
mod shutdown;
mod slowness;
mod start;
mod tree;
mod unfinished;
mod workspace;
