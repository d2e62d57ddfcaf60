//! Read models: folds of recorded events, each for a [`reading::Reading`].
//!
//! - [`reading`]: on which axes, up to which entry;
//! - [`filter`]: which actions;
//! - [`board`]: where every action stands;
//! - [`timeline`]: what was said, in the order of the ledger;
//! - [`evidence`]: the files that were put forward;
//! - [`lint`]: what cannot be tracked yet.

pub mod board;
pub mod evidence;
pub mod filter;
pub mod lint;
pub mod reading;
pub mod timeline;
