//! Verification under attack: of a sound ledger of two sides one thing is changed, and it is asserted by which name that is
//! refused, in every form in which somebody may be handed it; and that the sound one passes.
//!
//! What no check can see is asserted, too: a chain alone does not know its end, and keys that are stolen sign.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../ledger/desk.rs"]
#[expect(dead_code, reason = "the tests of the ledger's rules need more of it")]
mod desk;
mod two_sides;

mod backups;
mod bundles;
mod chains;
mod founding;
mod keys;
mod moved;
mod proofs;
mod truncated;
mod views;
mod witnesses;
