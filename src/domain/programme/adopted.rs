//! The frame of a plan: what of it is adopted as a whole.

use super::Refusal;
use crate::domain::date::Period;
use crate::domain::plan::{Document, Line, Track};
use crate::domain::value::{Code, Sha256, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The plan is adopted: its frame, without its actions, which are events of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// The plan's id.
    pub id: Code,
    /// Its title.
    pub title: Text,
    /// When it is to be carried out.
    pub period: Period,
    /// How many days a party's differing word keeps a status disputed.
    pub grace_days: u16,
    /// The signed text.
    pub document: Document,
    /// The lines of effort; their introductions stay in the plan document.
    pub lines: Vec<Line>,
    /// The tracks.
    pub tracks: Vec<Track>,
    /// Of the plan document's bytes.
    pub plan_sha256: Sha256,
}

impl Adopted {
    /// Whether each line and each track is named once.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let twice = |what, name: &dyn fmt::Display| Err(Refusal::Twice { what, name: name.to_string() });
        let (mut lines, mut tracks) = (BTreeSet::new(), BTreeSet::new());
        if let Some(line) = self.lines.iter().find(|line| !lines.insert(line.number)) {
            return twice("line", &line.number);
        }
        match self.tracks.iter().find(|track| !tracks.insert(&track.code)) {
            Some(track) => twice("track", &track.code),
            None => Ok(()),
        }
    }

    pub(super) fn line(&self, number: u16) -> Result<(), Refusal> {
        if self.lines.iter().any(|line| line.number == number) {
            return Ok(());
        }
        Err(Refusal::Unknown { what: "line", name: number.to_string(), hint: String::new() })
    }
}
