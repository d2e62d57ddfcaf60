//! What passes from one office to another: each action that it has, where that stands, what is due of it, and what awaits an
//! answer.
//!
//! Which office an assignment names is not here: it is withheld, and known to whoever has the disclosures.

use super::agenda::{self, Item, Matter};
use super::board::{self, Row};
use super::filter::Filter;
use super::inbox::{self, Awaits};
use super::indicators::Measured;
use super::reading::Reading;
use crate::domain::assignment::Responsibility;
use crate::domain::duration::Duration;
use crate::domain::value::Code;
use crate::domain::word::Words;
use crate::record::authority::Key;
use crate::record::history::{History, Spoken};
use crate::record::role::{Role, Signer};
use crate::record::state::State;
use std::collections::BTreeMap;

/// An action that an institution has.
#[derive(Debug, Clone)]
pub struct Duty<'a> {
    /// Where it stands.
    pub row: Row<'a>,
    /// As what the institution has it.
    pub held: Responsibility<'a>,
    /// What is overdue, or closes soon: the institution's task, windows, and bases that it rests on.
    pub due: Vec<Item<'a>>,
    /// The entries of others that await an answer of the party.
    pub awaits: BTreeMap<u64, Awaits>,
}

/// The actions that institutions of a party have, or one of them, as in the plan; `within` says how far ahead to look for what
/// is due. What has ended by a decision passes to nobody. Of an action that passed to an institution from several, its task as the lead.
///
/// # Errors
/// Where what was said cannot be read.
pub fn of<'a, W: Spoken, E: From<W::Fault>>(
    history: &'a History<W>,
    reading: &Reading,
    party: &Code,
    institution: Option<&Code>,
    within: Duration,
    measured: &mut dyn FnMut(&Code, &Words) -> Result<Measured, E>,
) -> Result<Vec<Duty<'a>>, E> {
    let filter =
        Filter { party: Some(party.clone()), institution: institution.cloned(), ..Filter::default() };
    let mut duties: Vec<Duty<'a>> = Vec::new();
    let rows = board::of(history, reading, &filter)?;
    for row in rows.into_iter().filter(|row| row.action.ended.is_none()) {
        let own = |held: &&Responsibility<'_>| {
            held.task.party == *party && institution.is_none_or(|wanted| wanted == held.institution)
        };
        let mut tasks: BTreeMap<&Code, Responsibility<'a>> = BTreeMap::new();
        for held in row.held.iter().filter(own) {
            let known = tasks.entry(held.institution).or_insert(*held);
            if held.weight() > known.weight() {
                *known = *held;
            }
        }
        let filter = Filter { action: Some(row.action.action.reference.clone()), ..Filter::default() };
        for held in tasks.into_values() {
            let mut due = agenda::of(history, reading, &filter, within)?;
            due.retain(|item| match item.matter {
                Matter::Task { institution, .. } => institution == held.institution,
                Matter::Window(..) | Matter::Instrument(_) => true,
            });
            let awaits = inbox::of(history, reading, &filter, party, measured)?;
            duties.push(Duty { row: row.clone(), held, due, awaits });
        }
    }
    Ok(duties)
}

/// The officers' keys in force that are bound to an institution of a party, or to one whose work has passed to it, in the order
/// in which they were registered.
#[must_use]
pub fn keys<'a>(state: &'a State, party: &Code, institution: &Code) -> Vec<&'a Key> {
    let bound = |key: &&Key| match &key.signer {
        Signer::Party(author, Role::Officer) if author.party == *party => {
            let body = author.institution.as_ref();
            body.is_some_and(|body| state.programme.passed(body).any(|next| next == institution))
        }
        Signer::Party(..) | Signer::Ledger => false,
    };
    let mut keys: Vec<&Key> =
        state.keys.iter().map(|(_, key)| key).filter(|key| key.revoked.is_none()).filter(bound).collect();
    keys.sort_by_key(|key| key.place);
    keys
}
