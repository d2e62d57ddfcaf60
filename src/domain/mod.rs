//! The field: plans, parties and actions, and the values that they are made of. Pure, and without any hashing.
//!
//! - [`value`]: references and texts, checked once, at birth;
//! - [`date`]: dates with the precision that is known, periods, cycles;
//! - [`plan`]: the plan document.

pub mod date;
pub mod plan;
pub mod value;
