//! Return sheets through the program: what is exported comes in again without a difference, only what is new is recorded, every
//! fault names its cell, and whatever file comes is answered.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

mod book;
mod desk;
mod edits;
mod faults;
mod hostile;
#[path = "../desks/program.rs"]
mod program;
mod retries;
