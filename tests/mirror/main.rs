//! A log that one side publishes, and the copies that others keep of it: whatever is done to what is published, a copy has what the
//! log's key signed and the rules admit, or it is as it was.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../desks/program.rs"]
mod alone;
mod attacks;
mod desks;
mod following;
mod forks;
mod program;
mod secure;
mod web;
mod years;
