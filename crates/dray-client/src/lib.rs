//! Client of the Dray drive API, and the engine that moves files: what the terminal uses and others can link.
//!
//! [`Client`] has one method for each route. [`Uploader`] and [`download()`](download::download) transfer whole files:
//! bytes go straight between the file and the object store, a few hundred KiB at a time. It prints nothing, reads no
//! settings and decides no exit codes.
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
mod retry;
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
