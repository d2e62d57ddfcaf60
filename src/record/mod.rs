//! Where a fact meets its bytes, still pure.
//!
//! - [`verify`]: the verdicts on a history, entry by entry.

pub mod verify;
