//! The ledger as its users meet it: the rules, the joint status, many writers, and a history of every event.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod accounts;
mod actions;
mod adoption;
mod agenda;
mod audits;
mod authority;
mod brief;
mod checkpoints;
mod clock;
mod desk;
mod diff;
mod ended;
mod erasure;
mod formats;
mod founding;
mod handover;
mod history;
mod import;
mod inbox;
mod indicators;
mod requests;
mod reviews;
mod signatures;
mod silence;
mod status;
mod succession;
mod together;
mod writers;
