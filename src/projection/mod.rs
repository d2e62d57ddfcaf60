//! Read models: folds of recorded events, each for a [`reading::Reading`].
//!
//! - [`reading`]: on which axes, up to which entry;
//! - [`filter`]: which actions;
//! - [`board`]: where every action stands;
//! - [`timeline`]: what was said, in the order of the ledger;
//! - [`diff`]: what one reading says otherwise than another;
//! - [`agenda`]: what has a date, the overdue first;
//! - [`inbox`]: what others said that awaits a party's answer;
//! - [`handover`]: what passes from one office to another;
//! - [`evaluation`]: what a review finds and decides;
//! - [`audit`]: the assertions, a sample of them, and what an auditor looks at first;
//! - [`version`]: the plan as it was founded, and after each review;
//! - [`indicators`]: what each party measured first and last;
//! - [`evidence`]: the files that were put forward;
//! - [`overtaken`]: which word changes nothing, for whoever has just said it;
//! - [`brief`]: what changed, what is at risk and what is silent, for whoever has one page;
//! - [`silence`]: of what nobody speaks, and [`lint`]: what cannot be tracked yet.

pub mod agenda;
pub mod audit;
pub mod board;
pub mod brief;
pub mod diff;
pub mod evaluation;
pub mod evidence;
pub mod filter;
pub mod handover;
pub mod inbox;
pub mod indicators;
pub mod lint;
pub mod overtaken;
pub mod reading;
pub mod silence;
pub mod timeline;
pub mod version;
