//! The service over HTTP, as its users meet it. One module a route or a concern; `world` starts a real server on
//! a folder of its own, and actors act on it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod acts;
mod database;
mod store;
mod world;

mod access;
mod auth;
mod bad_input;
mod base_path;
mod batch;
mod browser;
mod change;
mod children;
mod clients;
mod clocks;
mod compression;
mod conditional;
mod connections;
mod download;
mod finalize;
mod folders;
mod health;
mod hostile;
mod hosts;
mod idempotency;
mod items;
mod links;
mod logs;
mod metrics;
mod model;
mod names;
mod on_conflict;
mod openapi;
mod operate;
mod operators;
mod outage;
mod participants;
mod presigned_urls;
mod quiet;
mod rate_limit;
mod recover;
mod relay;
mod roles;
mod rules;
mod s3_tools;
mod search;
mod shared;
mod shutdown;
mod slowness;
mod start;
mod store_down;
mod stored_bytes;
mod tls;
mod token_lineage;
mod tokens;
mod transfers;
mod trash;
mod tree;
mod unfinished;
mod usage;
mod webhooks;
mod workspace;
