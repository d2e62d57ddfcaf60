//! The schemas in `schemas/` and the Rust types say the same: what is read by the one is admitted by the other.
//!
//! What a schema cannot say is listed once, with its reasons, in [`agreement`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod agreement;
mod files;
mod mutation;
mod parts;
mod samples;
mod schema;
mod wrong;
