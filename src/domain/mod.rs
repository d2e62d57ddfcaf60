//! The field: plans, parties and actions, and the values that they are made of. Pure, and without any hashing.
//!
//! - [`value`]: references and texts, checked once, at birth;
//! - [`date`]: dates with the precision that is known, periods, cycles, and [`duration`]: lengths of time;
//! - [`shape`]: typed values out of JSON, each fault named by its path;
//! - [`sealed`]: fields that can be withheld, of which a rule sees only that they are there;
//! - [`plan`]: the plan document;
//! - [`party`], [`instrument`], [`action`], [`review`]: the aggregates, each with its events, its refusals, its state and its rules;
//! - [`versions`]: what each of them was before, since which entry;
//! - [`assignment`]: who has an action; [`assertion`]: what a party can say of it, and [`word`]: what is kept of it;
//! - [`finding`]: what a party finds in a review; [`decision`]: what is proposed of an action, agreed and decided there, and
//!   [`change`]: what that makes of it;
//! - [`programme`]: all aggregates together, where a rule on one may read the others;
//! - [`status`]: what the parties' words make together.

pub mod action;
pub mod assertion;
pub mod assignment;
pub mod change;
pub mod course;
pub mod date;
pub mod decision;
pub mod duration;
pub mod finding;
pub mod instrument;
pub mod party;
pub mod plan;
pub mod programme;
pub mod review;
pub mod sealed;
pub mod shape;
pub mod status;
pub mod value;
pub mod versions;
pub mod word;
