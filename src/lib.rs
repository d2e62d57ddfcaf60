//! Annals: an event-sourced progress ledger for joint action plans.
//!
//! Two governments sign a plan and record every change to its actions as signed, hash-chained events, so that either
//! side, an auditor or a parliament can replay the history and verify it alone, offline.
//!
//! - [`domain`]: the field: plans, and the values that they are made of;
//! - [`trail`]: the audit trail's bytes, what is hashed and what is signed;
//! - [`record`]: where a fact meets its bytes: the verdicts on a history;
//! - [`store`]: the store port and its engines, which never interpret an entry.
//!
//! All but the store are pure: no input or output, no clock, no randomness. Time, ids and salts are arguments.

pub mod domain;
pub mod exchange;
pub mod ledger;
pub mod projection;
pub mod record;
pub mod report;
pub mod store;
pub mod trail;
