//! Where a fact meets its bytes, still pure.
//!
//! - [`withheld`]: fields in clear, withheld and typed;
//! - [`fact`]: what an event says, typed;
//! - [`founding`]: who opens a ledger, and who accedes;
//! - [`charter`]: the founding as drafts;
//! - [`authority`]: who may sign what;
//! - [`adoption`]: the policy and the rules that are in force once every party has recorded the same;
//! - [`account`]: all entries of one stream, and the proof that they are all;
//! - [`attestation`]: all streams and where they end, as the ledger attests them;
//! - [`erasure`]: which withheld value is removed for good, and who may say so;
//! - [`evidence`]: the files that an event names;
//! - [`archive`]: what is looked up in the entries before: names, and what was said of an action;
//! - [`history`]: the state that a history leaves;
//! - [`judgement`]: whether a next request fits;
//! - [`refusal`]: a rule's no;
//! - [`request`]: requests as they are handed over;
//! - [`cores`]: work that all cores share;
//! - [`prepared`]: what a line says for itself, found out on all cores;
//! - [`beside`]: what is compared with a history;
//! - [`verify`]: a history verified, entry by entry;
//! - [`verdict`]: what is said of it then;
//! - [`completeness`]: what checkpoints say of it.

pub mod account;
pub mod adoption;
mod ahead;
pub mod archive;
pub mod attestation;
pub mod authority;
pub mod beside;
pub mod charter;
pub mod completeness;
pub mod cores;
pub mod erasure;
pub mod evidence;
pub mod fact;
pub mod founding;
pub mod history;
pub mod judgement;
pub mod prepared;
pub mod refusal;
pub mod request;
mod typed;
pub mod upcast;
pub mod verdict;
pub mod verify;
pub mod withheld;
