//! `annals handover`: what one office has passes to another, with a note of where it stands.

use super::axes::{self, Axes};
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::signing::{Asked, Change, Signing, put};
use annals::domain::action::Event as Action;
use annals::domain::assertion::Assigned;
use annals::domain::date::Effective;
use annals::domain::duration::Duration;
use annals::domain::programme::Event as Programme;
use annals::domain::value::{Code, nearest};
use annals::domain::word::Words;
use annals::ledger::disclosed::Disclosed;
use annals::ledger::examination::quoted;
use annals::ledger::index::Sayings;
use annals::ledger::{Ledger, LedgerError};
use annals::projection::handover::{self, Duty};
use annals::projection::reading::Reading;
use annals::projection::timeline::stream;
use annals::record::fact::Fact;
use annals::record::history::History;
use annals::record::ids;
use annals::record::state::State;
use annals::report::handover::{Handed, Handover as Passing, handover as table};
use annals::trail::canonical::nfc;
use clap::Args;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// What one office has passes to another: each of its actions is assigned again, and a note says where it stands
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals handover --as KR --institution MSIT --from 'Director, Trade' --to 'Director, Industry' \\
      --dry-run
  annals handover --as KR --from 'Director, Trade' --to 'Director, Industry'

Offices are never persons. They are withheld in the ledger: an office is found by the assignments that this desk can read, and \
where one was erased or is not at hand, the note says so. Each action is assigned again to the same institution, in the same \
role and until the same date, in one entry each, all with one correlation. The note lists where each stands, what both sides \
said last, what is due and what awaits an answer; and the officers' keys of the institution, with the commands by which the \
successor's is registered and the predecessor's revoked. Which institution's work passes to another is recorded with `annals \
record succeed`, and nothing has to be assigned again then.")]
pub(crate) struct Handover {
    /// The office that hands over, as assignments name it
    #[arg(long, value_name = "OFFICE")]
    from: String,
    /// The office that takes over
    #[arg(long, value_name = "OFFICE")]
    to: String,
    /// Under which address
    #[arg(long)]
    contact: Option<String>,
    /// Of this institution [default: of the one that has such an office]
    #[arg(long)]
    institution: Option<Code>,
    /// Since when
    #[arg(long, value_name = "DATE")]
    effective: Option<Effective>,
    /// How far ahead to look for what is due: days, weeks, months or years, such as 60d, 8w, 6m or 1y
    #[arg(long, value_name = "DURATION", default_value = "60d")]
    within: Duration,
    #[command(flatten)]
    signing: Signing,
}

/// Which office an assignment names.
#[derive(PartialEq, Eq)]
enum Office {
    Nobody,
    Named(String),
    Withheld,
    Erased(String),
}

impl Handover {
    pub(crate) fn run(mut self, settings: &Settings) -> Result<ExitCode, Failure> {
        (self.from, self.to) = (nfc(&self.from), nfc(&self.to));
        if self.from == self.to {
            return Err(Failure::usage("an office hands over to another: name two".to_owned()));
        }
        let ledger = self.signing.ledger(settings)?;
        let (state, party) = (ledger.state(), self.signing.speaker.0.party.clone());
        axes::party(&state, &party)?;
        if let Some(institution) = &self.institution {
            let acting = state.programme.party(&party).acting(&party, institution);
            acting.map_err(|refusal| Failure::usage(refusal.to_string()))?;
        }
        let (history, reading) = Axes::default().read(&ledger)?;
        let duties = self.duties(&ledger, &history, &reading)?;
        let disclosed = ledger.disclosed()?;
        let offices: Vec<Office> =
            duties.iter().map(|duty| office(&ledger, &disclosed, duty)).collect::<Result<_, _>>()?;
        let begun = self.begun(&ledger)?;
        let mut meant: Vec<&Duty<'_>> = Vec::new();
        let place =
            |duty: &Duty<'_>| (stream(&duty.row.action.action.reference), duty.held.institution.to_string());
        for before in &begun {
            meant.extend(duties.iter().find(|duty| place(duty) == *before));
        }
        let named = |office: &Office| matches!(office, Office::Named(name) if *name == self.from);
        let left = duties
            .iter()
            .zip(&offices)
            .filter(|(duty, office)| named(office) && !begun.contains(&place(duty)));
        meant.extend(left.map(|(duty, _)| duty));
        let institution = self.one(&meant, &offices)?;
        let changes = meant.iter().map(|duty| self.change(duty)).collect();
        let asked = self.signing.ask(&ledger, settings, changes)?;
        let new = asked.iter().any(|asked| asked.receipt.is_some_and(|receipt| !receipt.repeated));
        // What was only tried out is no part of any reading. Where something was recorded it may be another day by then.
        let after = if new { Some(Axes::default().read(&ledger)?) } else { None };
        let (history, reading) =
            after.as_ref().map_or((&history, &reading), |(history, reading)| (history, reading));
        let as_read = if new { self.duties(&ledger, history, reading)? } else { Vec::new() };
        let handed = meant.iter().zip(&asked).map(|(duty, asked)| {
            let entry = asked.receipt.map(|each| (each.sequence, each.id, each.leaf, each.repeated));
            Handed { duty: as_read.iter().find(|read| place(read) == place(duty)).unwrap_or(duty), entry }
        });
        let (keys, commands) = self.keys(&ledger, &disclosed, &state, &party, institution)?;
        let file = self.signing.file().filter(|_| asked.iter().any(|asked| asked.receipt.is_none()));
        let file = file.map(|path| path.display().to_string());
        let what = Passing {
            from: &self.from,
            to: &self.to,
            institution,
            correlation: asked.first().and_then(|asked: &Asked| asked.correlation.as_deref()),
            dry_run: self.signing.dry_run,
            file: file.as_deref(),
            unknown: unknown(&duties, &offices, institution),
            keys,
            commands,
        };
        output::report(&table(reading, &what, &handed.collect::<Vec<_>>()), settings.format)?;
        if new {
            settings.keep(&ledger);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What its institutions, or the one that is named, have by a reading.
    fn duties<'a>(
        &self,
        ledger: &Ledger,
        history: &'a History<Sayings>,
        reading: &Reading,
    ) -> Result<Vec<Duty<'a>>, Failure> {
        let party = &self.signing.speaker.0.party;
        let measured = &mut |action: &Code, words: &Words| ledger.measured(reading, Some((action, words)));
        Ok(handover::of(history, reading, party, self.institution.as_ref(), self.within, measured)?)
    }

    /// The actions that the same command assigned before under its id, each with the institution.
    fn begun(&self, ledger: &Ledger) -> Result<Vec<(String, String)>, Failure> {
        let Some(first) = self.signing.id else { return Ok(Vec::new()) };
        let state = ledger.state();
        let mut begun = Vec::new();
        for number in 1.. {
            let id = ids::further(first, state.origin().unwrap_or_default(), number);
            let Some(entry) = ledger.recorded(id)? else { break };
            let data = entry.request.event.data.members();
            let institution = data.get("institution").and_then(Value::as_str).unwrap_or_default();
            begun.push((entry.request.event.subject.to_string(), institution.to_owned()));
        }
        Ok(begun)
    }

    /// The one institution whose office hands over.
    fn one<'a>(&self, meant: &[&Duty<'a>], offices: &[Office]) -> Result<&'a Code, Failure> {
        let institutions: BTreeSet<&Code> = meant.iter().map(|duty| duty.held.institution).collect();
        let named = institutions.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
        match institutions.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => Ok(one),
            [] => {
                let known: BTreeSet<&str> = offices
                    .iter()
                    .filter_map(|office| match office {
                        Office::Named(name) => Some(name.as_str()),
                        Office::Nobody | Office::Withheld | Office::Erased(_) => None,
                    })
                    .collect();
                let hint = nearest(&self.from, known.iter().copied());
                let of = self.institution.as_ref().unwrap_or(&self.signing.speaker.0.party);
                let others = if known.is_empty() {
                    "; none that can be read here names any".to_owned()
                } else if hint.is_empty() {
                    let known: Vec<&str> = known.into_iter().take(8).collect();
                    format!("; there are {}", known.join("; "))
                } else {
                    hint
                };
                let text = format!(
                    "no assignment in force of {of} to an action that has not ended names the office `{}`{others}",
                    self.from
                );
                Err(Failure::usage(text))
            }
            _ => Err(Failure::usage(format!(
                "several institutions have an office `{}`: name one with `--institution`: {named}",
                self.from
            ))),
        }
    }

    /// The assignment by which the successor has an action.
    fn change(&self, duty: &Duty<'_>) -> Change {
        let mut data = Map::new();
        put(&mut data, "institution", Some(duty.held.institution));
        put(&mut data, "role", Some(duty.held.task.role));
        put(&mut data, "due", duty.held.task.due);
        put(&mut data, "effective", self.effective);
        put(&mut data, "officer", Some(&self.to));
        put(&mut data, "contact", self.contact.as_ref());
        Change::new(stream(&duty.row.action.action.reference), "action.assigned", data)
    }

    /// The officers' keys that are bound to an institution, with who holds them, and what is to be done about them.
    fn keys(
        &self,
        ledger: &Ledger,
        disclosed: &Disclosed<'_>,
        state: &State,
        party: &Code,
        institution: &Code,
    ) -> Result<(Vec<String>, Vec<String>), Failure> {
        let (mut keys, mut revoke) = (Vec::new(), Vec::new());
        for key in handover::keys(state, party, institution) {
            let keyid = key.vkey.keyid();
            let entry = ledger.entry(key.registered)?;
            let holder = match entry.and_then(|entry| disclosed.told(&entry)) {
                Some(told) if told.note.is_some() => told.note,
                _ => None,
            };
            let words = holder.as_deref().unwrap_or("holder not known here");
            keys.push(format!("{keyid} ({words})"));
            if holder.is_none_or(|holder| holder == self.from) {
                revoke.push(format!("annals key revoke {keyid} --as {party} --reason 'handed over'"));
            }
        }
        // An office that signs nothing leaves no key to replace.
        if revoke.is_empty() {
            return Ok((keys, Vec::new()));
        }
        let stem = format!("{party}/{institution}/officer-");
        let numbers =
            state.keys.iter().filter_map(|(_, key)| key.vkey.name().strip_prefix(&stem)?.parse().ok());
        let number = numbers.max().map_or(1, |last: u32| last.saturating_add(1));
        let holder = quoted(&self.to);
        let mut commands = vec![
            format!("annals key new {stem}{number}"),
            format!(
                "annals key register {stem}{number}+… --role officer --institution {institution} --holder {holder} --as {party}"
            ),
        ];
        commands.append(&mut revoke);
        Ok((keys, commands))
    }
}

/// Which office the latest assignment names by which an institution has an action.
fn office(ledger: &Ledger, disclosed: &Disclosed<'_>, duty: &Duty<'_>) -> Result<Office, Failure> {
    let mut found = Office::Nobody;
    let assigned = |fact: &Fact| match fact {
        Fact::Programme(Programme::Action(_, Action::Assigned(Assigned { institution, .. }))) => {
            institution == duty.held.assigned
        }
        _ => false,
    };
    let subject = stream(&duty.row.action.action.reference);
    ledger.stream(&subject, 0..u64::MAX, &mut |entry, fact| {
        if assigned(fact) {
            found = match disclosed.told(entry) {
                Some(told) if told.note.is_some() => told.note.map_or(Office::Nobody, Office::Named),
                Some(told) if told.erased.is_some() => told.erased.map_or(Office::Nobody, Office::Erased),
                Some(told) if told.withheld => Office::Withheld,
                _ => Office::Nobody,
            };
        }
        Ok::<(), LedgerError>(())
    })?;
    Ok(found)
}

/// The actions of an institution whose office is not at hand, each with why.
fn unknown(duties: &[Duty<'_>], offices: &[Office], institution: &Code) -> Vec<String> {
    let own = duties.iter().zip(offices).filter(|(duty, _)| duty.held.institution == institution);
    own.filter_map(|(duty, office)| {
        let action = &duty.row.action.action.reference;
        match office {
            Office::Nobody | Office::Named(_) => None,
            Office::Withheld => Some(format!("{action} (withheld, and not at hand)")),
            Office::Erased(why) => Some(format!("{action} (erased: {why})")),
        }
    })
    .collect()
}
