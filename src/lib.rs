//! Annals: an event-sourced progress ledger for joint action plans.
pub mod domain;
pub mod store;
pub mod trail;
