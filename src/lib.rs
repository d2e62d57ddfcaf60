//! Annals: an event-sourced progress ledger for joint action plans.
//!
//! Two governments sign a plan. Annals records every change to its actions as a signed, hash-chained event, so that
//! either side, an auditor or a parliament can replay the history and verify it alone, offline. Nothing here knows any
//! particular plan.
//!
//! # Four ideas
//!
//! 1. **Facts.** What happened is an event, in the past tense, kept for ever ([`record::fact`]).
//! 2. **Two pure functions.** `decide` admits a request or says why not, and `evolve` gives the state after an event. A
//!    request *is* an event that its author has signed; deciding adds nothing to it, so a history can be decided again
//!    ([`record::history`]).
//! 3. **One append.** A request is sealed into an entry that names its predecessor, and appended by one compare-and-swap
//!    on the log's head: that write is the order, the concurrency control and the chain ([`trail::entry`], [`store`]).
//! 4. **Everything else is a fold** of the entries: state, authority, status, timeline. Delete them and replay.
//!
//! # The map
//!
//! A module names only modules that stand before it; a test holds the order. The first five are pure: no input or output, no
//! clock, no randomness. Time, ids and salts are arguments.
//!
//! - [`domain`]: the field: plans, parties, actions, the words that are said of them, and the rules of each;
//! - [`trail`]: the audit trail's bytes: what is hashed, what is signed; the tree, and what others vouch for. To it an event is
//!   bytes; `domain` knows no hashing, and neither names the other;
//! - [`record`]: where a fact meets its bytes: requests, the founding, who may sign what, the verdicts on a history;
//! - [`projection`]: read models, each for a [`projection::reading::Reading`] on both time axes;
//! - [`report`]: one table, in several dialects and languages;
//! - [`store`]: the log and its engines, in memory and in a folder; of an entry it reads the sequence alone, by which lines are found;
//! - [`ledger`]: opens a store, records, replays, verifies; and tells whoever reads it what was said, what is shown of withheld
//!   values, how files are found, and what an auditor asks;
//! - [`exchange`]: what crosses the border: keys, imports, sheets that ministries fill in, exports, bundles, pages, restoring,
//!   evidence, withheld values; the log as it is published, and copies that follow it; a history verified, wherever it lies; and
//!   ledgers that are made up to be measured.
//!
//! The program is a thin shell in the binary target, so that the compiler holds it to this public interface.
//!
//! # In a few lines
//!
//! ```
//! use annals::ledger::Ledger;
//! use annals::projection::{board, filter::Filter, reading::Reading};
//! use std::ops::ControlFlow;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ledger = Ledger::in_memory(); // or Ledger::open(folder, &mut annals::ledger::quietly)?
//! ledger.read(0..u64::MAX, &mut |sequence, line| {
//!     assert_eq!(line.first(), Some(&b'{'), "entry {sequence} is a line of JSON");
//!     ControlFlow::Continue(())
//! })?;
//! let history = ledger.at(None)?;
//! let reading = Reading::of(&history.state, None, None, None);
//! assert!(board::of(&history, &reading, &Filter::default())?.is_empty(), "nothing was recorded yet");
//! assert!(ledger.verify(&mut annals::ledger::quietly)?.holds());
//! # Ok(()) }
//! ```
//!
//! `examples/` founds a ledger, records, replays and verifies, in forty to seventy lines each.
//!
//! # Absent on purpose
//!
//! There is no update and no delete: a mistake is corrected by an event, and what can be erased is a value that lies beside
//! the log, never an entry. There is no second way to seal an entry
//! than [`ledger::Ledger::record`]; what was sealed elsewhere is appended byte for byte, after the same verdicts
//! ([`ledger::following`]). There are no mocks: tests use real engines, and the store in memory
//! passes the same contract. There is no `async`: one thread decides, and readers never wait for it long.

pub mod domain;
pub mod exchange;
pub mod ledger;
pub mod projection;
pub mod record;
pub mod report;
pub mod store;
pub mod trail;

// What the tests from outside use serves those that need the inside, too.
#[cfg(test)]
extern crate self as annals;
