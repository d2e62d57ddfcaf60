//! One table, in several dialects.
//!
//! - [`table`]: columns and rows of typed cells, under a reading and a list of facts;
//! - [`answers`], [`action`], [`evidence`], [`moments`], [`diff`], [`agenda`], [`silence`], [`inbox`], [`handover`],
//!   [`evaluation`], [`reasons`], [`indicators`], [`bases`], [`course`], [`names`], [`version`], [`audit`], [`tally`], [`brief`]:
//!   which columns each
//!   answer has;
//! - [`wording`]: two texts, word by word;
//! - [`phrase`]: what the program tells of something, and [`labels`]: the same in the languages of its readers;
//! - [`text`], [`csv`], [`json`]: its dialects;
//! - [`document`]: several tables, and [`markdown`], [`xlsx`], [`html`]: the dialects of all of them;
//! - [`ical`]: what has a date, for calendars;
//! - [`iati`]: the programme and its actions, as activities of IATI;
//! - [`form`]: a sheet that is filled in and comes back.

pub mod action;
pub mod agenda;
pub mod answers;
pub mod audit;
pub mod bases;
pub mod brief;
pub mod course;
pub mod csv;
pub mod diff;
pub mod document;
pub mod evaluation;
pub mod evidence;
pub mod form;
pub mod handover;
pub mod html;
pub mod iati;
pub mod ical;
pub mod inbox;
pub mod indicators;
pub mod json;
pub mod labels;
pub mod markdown;
pub mod moments;
pub mod names;
pub mod phrase;
pub mod reasons;
pub mod silence;
pub mod table;
pub mod tally;
pub mod text;
pub mod version;
pub mod wording;
pub mod xlsx;
