//! Withheld values and evidence in a ledger's folder: who gets which, and what is left of one that was erased.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "../ledger/desk.rs"]
#[expect(dead_code, reason = "to found a ledger takes a part of the desk")]
mod desk;
mod disclosing;
mod erasing;
mod evidence;
mod killed;
#[path = "../faults/place.rs"]
#[expect(dead_code, reason = "to run the program takes a part of the place")]
mod place;
mod trace;
