//! Client of the Dray drive API, and the engine that transfers files. Dray's command line uses it, and other programs can.
//!
//! [`Client`] has one method for each route. [`Uploader`] and [`download()`](download::download) transfer whole
//! files: the bytes go directly between the file and the object store, a few hundred KiB at a time. This crate prints
//! nothing, reads no settings and decides no exit codes.
//!
#![doc = include_str!("../README.md")]

mod api;
mod blocking;
mod bounded;
mod client;
pub mod download;
mod error;
mod pages;
pub mod progress;
mod refusal;
mod retry;
mod retry_after;
mod store;
mod token;
mod tree;
mod upload;

pub use client::Client;
pub use error::{Error, StoreError};
pub use pages::Pages;
pub use progress::{Progress, Silent};
pub use token::{InvalidToken, Token};
pub use tree::{Outcome, Report};
pub use upload::{DEFAULT_PARALLEL, Uploader};
