//! Where a fact meets its bytes, still pure.
//!
//! - [`withheld`]: fields in clear, withheld and typed;
//! - [`fact`]: what an event says, typed;
//! - [`founding`]: who opens a ledger, and who accedes;
//! - [`charter`]: the founding as drafts;
//! - [`authority`]: who may sign what;
//! - [`index`]: what is known of every entry;
//! - [`history`]: the state that a history leaves, and whether a next request fits;
//! - [`refusal`]: a rule's no;
//! - [`request`]: requests as they are handed over;
//! - [`verify`]: a history verified, entry by entry;
//! - [`verdict`]: what is said of it then.

pub mod authority;
pub mod charter;
pub mod fact;
pub mod founding;
pub mod history;
pub mod index;
pub mod refusal;
pub mod request;
pub mod verdict;
pub mod verify;
pub mod withheld;
