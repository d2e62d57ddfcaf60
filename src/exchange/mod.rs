//! What crosses the border of a ledger.
//!
//! - [`keyring`]: signing keys on disk;
//! - [`import`]: files of requests, and [`answer`]: what became of each;
//! - [`sheet`]: workbooks that ministries fill in;
//! - [`export`]: the entries, one a line;
//! - [`bundle`]: all of a ledger that somebody may see, in one file;
//! - [`page`]: a report as a page with its entries, written and read;
//! - [`layout`]: the log as files that anybody can serve; [`publish`]: those files, written; [`mirror`]: a copy that follows them,
//!   from a folder, a bundle or [`web`], a server;
//! - [`restore`]: an export into a new ledger;
//! - [`verification`]: a history judged, wherever it lies; [`against`]: two of them compared;
//! - [`evidence`]: files on their way in and out; [`outgoing`]: any file on its way out, whole or not at all;
//! - [`disclosing`]: withheld values on their way to those who may see them;
//! - [`specimen`]: a plausible ledger of any size, made up.

pub mod against;
pub mod answer;
pub mod bundle;
pub mod disclosing;
pub mod evidence;
pub mod export;
pub mod import;
pub mod keyring;
pub mod layout;
pub mod mirror;
pub mod outgoing;
pub mod page;
pub mod publish;
pub mod restore;
pub mod sheet;
pub mod specimen;
pub mod verification;
pub mod web;
