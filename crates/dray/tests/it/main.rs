//! The terminal, end to end: the real binary as server and as client, with a connection between them that a test can
//! hold or cut.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod admin;
mod backups;
mod docs;
mod doctor;
mod drive;
mod exit_codes;
mod find;
mod interruptions;
mod manage;
mod nodes;
mod operate;
mod operation;
mod output;
mod proxy;
mod secrets;
mod spoofing;
mod traces;
mod transfers;
mod uploads;
