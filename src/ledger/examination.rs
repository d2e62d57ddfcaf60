//! An examination: what is wrong with a ledger's folder, how grave it is, and the commands that mend it. It takes no lock and
//! changes nothing. Whether the entries are true is asked here of those alone that came after the kept state: the others are verified.

mod backup;
mod beside;
mod checkpoints;
mod derived;
mod disclosures;
mod places;
mod remedy;
mod remembered;
mod tree;

use super::anchor::Anchor;
use super::disclosures::FILE as DISCLOSURES;
use super::named::Named;
use super::past::{Past, fold};
use super::{LedgerError, clock, quietly, snapshot, truncation};
use crate::record::completeness::Completeness;
use crate::record::founding::Clock;
use crate::store::condition;
use crate::store::embedded::Embedded;
use crate::store::{Head, Store, StoreError};
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::entry::Entry;
use backup::Saved;
use chrono::{DateTime, Utc};
use remedy::Remedies;
pub use remedy::quoted;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The file that says which format the ledger has.
    Marker,
    /// The entries.
    Journal,
    /// Who writes.
    Lock,
    /// What makes reading quick.
    Sled,
    /// What spares readers the whole history: the kept state, and the tree.
    State,
    /// Withheld values.
    Disclosures,
    /// Evidence and the plan.
    Files,
    /// Where the ledger stood, signed.
    Checkpoints,
    /// What the keys of this desk signed last.
    Anchor,
    /// Where its entries are recorded.
    Copy,
    /// Two histories that were signed.
    Fork,
    /// What was backed up in another folder.
    Backup,
    /// What was begun and never ended.
    Leftovers,
    /// What this user may do.
    Rights,
    /// How much room there is.
    Room,
    /// The clock of this computer.
    Clock,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Marker,
        Self::Journal,
        Self::Lock,
        Self::Sled,
        Self::State,
        Self::Disclosures,
        Self::Files,
        Self::Checkpoints,
        Self::Anchor,
        Self::Copy,
        Self::Fork,
        Self::Backup,
        Self::Leftovers,
        Self::Rights,
        Self::Room,
        Self::Clock,
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marker => "marker",
            Self::Journal => "journal",
            Self::Lock => "lock",
            Self::Sled => "sled",
            Self::State => "state",
            Self::Disclosures => "disclosures",
            Self::Files => "files",
            Self::Checkpoints => "checkpoints",
            Self::Anchor => "anchor",
            Self::Copy => "copy",
            Self::Fork => "fork",
            Self::Backup => "backup",
            Self::Leftovers => "leftovers",
            Self::Rights => "rights",
            Self::Room => "room",
            Self::Clock => "clock",
        }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Nothing is wrong; it is good to know.
    Fine,
    /// Nothing is lost, and the next command that writes does without it or mends it, or the command that is told.
    Untidy,
    /// Something beside the entries is not as it was, or will soon be in the way.
    Wrong,
    /// The entries are not as they were, or nobody can go on.
    Grave,
    /// It cannot be looked at.
    Unreadable,
}

impl Gravity {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::Fine, Self::Untidy, Self::Wrong, Self::Grave, Self::Unreadable];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Untidy => "untidy",
            Self::Wrong => "wrong",
            Self::Grave => "grave",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: Part,
    /// How grave it is.
    pub gravity: Gravity,
    /// What was found, in a sentence.
    pub what: String,
    /// What mends it, in words.
    pub remedy: String,
    /// The commands that do it, one after another, as a shell takes them.
    pub commands: Vec<String>,
}

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Up to where the entries could be read.
    pub head: Head,
    /// Whether recorded times were told by the authors.
    pub illustrative: bool,
    /// The gravest first; of grave ones in the order of the parts.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// The gravest of what was found.
    #[must_use]
    pub fn gravity(&self) -> Gravity {
        self.findings.iter().map(|finding| finding.gravity).max().unwrap_or(Gravity::Fine)
    }
}

/// What stands for a backup that nobody named.
pub const UNNAMED: &str = "BACKUP";

/// Looks at the ledger in a folder. `backup` is where the commands take from what is to be restored, and is held against it, or [`UNNAMED`];
/// `now` is the clock of this computer, and `progress` hears how many entries were read.
///
/// # Errors
/// [`LedgerError::Store`] with [`StoreError::NoLedger`], where no ledger is there.
pub fn examine(
    folder: &Path,
    backup: &Path,
    anchor: Option<&Anchor>,
    now: DateTime<Utc>,
    progress: &mut dyn FnMut(u64),
) -> Result<Examination, LedgerError> {
    let marker = condition::marker(folder);
    if let Err(error @ StoreError::NoLedger(_)) = marker {
        return Err(error.into());
    }
    let (remedies, writer) = (Remedies { folder, backup }, condition::writer(folder));
    let mut found = Examining {
        folder,
        remedies,
        writer,
        at_hand: false,
        kept: Vec::new(),
        taken: Vec::new(),
        findings: Vec::new(),
    };
    found.places();
    let newer = matches!(marker, Err(StoreError::Newer { .. }));
    if let Err(error) = marker
        && !found.has_taken(Part::Marker)
    {
        found.marker(&error);
    }
    found.around();
    let mut past = Past::default();
    // What a newer version wrote is not for this one to judge.
    if !newer {
        found.entries(&mut past, anchor, now, progress);
    }
    let findings = in_order(found.findings);
    let illustrative = past.state.clock() == Some(Clock::Illustrative);
    Ok(Examination { head: past.state.head, illustrative, findings })
}

/// The gravest first, of grave ones those with which the others are mended, and no commands twice: what mends one thing may undo itself
/// when it is done again.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    let first = |finding: &Finding| (finding.gravity == Gravity::Grave).then_some(finding.about);
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.gravity), first(finding)));
    let mut said = HashSet::new();
    // Until people have decided which journal counts, no command takes anything in.
    let waits = |finding: &Finding| first(finding) == Some(Part::Journal) && finding.commands.is_empty();
    let waits = findings.iter().any(waits);
    for finding in findings.iter_mut().filter(|finding| !finding.commands.is_empty()) {
        if waits && finding.commands.iter().any(|command| command.starts_with("annals ")) {
            finding.commands.clear();
            "once the journal is mended, ask again".clone_into(&mut finding.remedy);
            continue;
        }
        if !said.insert(finding.commands.clone()) {
            finding.commands.clear();
            finding.remedy.push_str(", as above");
        }
    }
    findings
}

/// What an error says, and what is behind it.
fn why(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error} ({source})"))
}

/// What is found on the way.
struct Examining<'a> {
    folder: &'a Path,
    remedies: Remedies<'a>,
    /// Whoever writes may be about to change what is seen.
    writer: Option<u32>,
    /// Whether every withheld value is at hand, so that all that is named is known.
    at_hand: bool,
    /// The checkpoints that can be read.
    kept: Vec<(PathBuf, SignedCheckpoint)>,
    /// Where something else lies than what belongs there, so that it cannot be read.
    taken: Vec<(Part, PathBuf)>,
    findings: Vec<Finding>,
}

impl Examining<'_> {
    fn add(&mut self, about: Part, gravity: Gravity, what: String, (remedy, commands): (&str, Vec<String>)) {
        // That is said already, with what mends it.
        if gravity == Gravity::Unreadable && self.has_taken(about) {
            return;
        }
        self.findings.push(Finding { about, gravity, what, remedy: remedy.to_owned(), commands });
    }

    /// Whether the entries may be fewer than were acknowledged, or others: what none of them names may be named all the same.
    fn is_grave(&self) -> bool {
        self.findings.iter().any(|finding| finding.gravity >= Gravity::Grave)
    }

    /// Whether that is said of the journal, so that nothing else has to say it.
    fn is_cut(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.about == Part::Journal && finding.gravity >= Gravity::Grave)
    }

    fn marker(&mut self, error: &StoreError) {
        let what = match error {
            StoreError::Marker(_) => {
                "`annals.json`, which says which format the ledger has, is missing or damaged"
            }
            StoreError::Newer { format, .. } => {
                let what = format!("the ledger has format {format}, which a later version made");
                return self.add(Part::Marker, Gravity::Grave, what, ("use a newer annals", Vec::new()));
            }
            other => return self.unreadable(Part::Marker, other),
        };
        self.add(Part::Marker, Gravity::Grave, what.to_owned(), self.remedies.marker());
    }

    fn unreadable(&mut self, about: Part, error: &StoreError) {
        let remedy = ("give this user the right to read it, or check the disk", self.remedies.rights().1);
        self.add(about, Gravity::Unreadable, error.to_string(), remedy);
    }

    /// The entries, and all that is judged by them.
    fn entries(
        &mut self,
        past: &mut Past,
        anchor: Option<&Anchor>,
        now: DateTime<Utc>,
        progress: &mut dyn FnMut(u64),
    ) {
        // Before the journal, to which somebody may append, and keep a snapshot of that or back it up.
        let (kept, mut saved) = (snapshot::head(self.folder), Saved::open(self.remedies.backup));
        let store = match Embedded::open_unmarked(self.folder) {
            Ok(store) => store,
            Err(_) if self.has_taken(Part::Journal) => return,
            Err(StoreError::Damaged { path, offset, what }) => {
                let what = format!("{}: byte {offset}: {what}", path.display());
                return self.add(Part::Journal, Gravity::Grave, what, self.remedies.journal());
            }
            Err(error) => return self.unreadable(Part::Journal, &error),
        };
        let (mut named, mut tree) = (Named::default(), self.tree());
        let mut compared = Completeness::new(self.kept.iter().map(|(_, signed)| signed.clone()));
        let read = fold(&store, Head::EMPTY, &mut |(entry, fact, held)| {
            progress(entry.seal.sequence + 1);
            compared.take(entry.leaf());
            if let Some(tree) = &mut tree {
                tree.take(entry.leaf());
            }
            if let Some(saved) = &mut saved {
                saved.take(entry.leaf());
            }
            named.take(&entry, &fact, &held)?;
            past.take(&entry, &fact, &held)?;
            Ok(())
        });
        // As a writer asks before it goes on.
        match read.and_then(|()| Past::continued(&store, self.folder, &mut quietly).map(drop)) {
            Ok(()) => {}
            Err(error @ LedgerError::Fact(at, _)) if is_signed(&store, at, past) => {
                let remedy = ("use a newer annals", Vec::new());
                return self.add(Part::Journal, Gravity::Grave, error.to_string(), remedy);
            }
            Err(error) => {
                return self.add(Part::Journal, Gravity::Grave, why(&error), self.remedies.journal());
            }
        }
        let completed = compared.finish(&past.state, None);
        self.derived(&store, kept, completed.signed().is_some());
        self.verify_checkpoints(&completed, &past.state);
        if !self.is_cut() {
            self.lost_checkpoints(&past.state);
        }
        self.verify_tree(tree);
        self.remembered(anchor, &store, &past.state);
        self.unfinished(store.unfinished(), store.head().size);
        self.disclosures(&mut named);
        self.files(&named);
        if let Some(what) = clock(&past.state, now) {
            self.add(Part::Clock, Gravity::Wrong, what, remedy::clock());
        }
        self.backup(saved, &store, &past.state, &named);
    }

    fn unfinished(&mut self, bytes: u64, size: u64) {
        // One that was acknowledged nobody cuts; that entries are missing is said where that is found.
        let known = || self.is_cut() || truncation::known(self.folder) > size;
        if bytes > 0 && self.writer.is_none() && !known() {
            let what = format!("the journal ends with {bytes} bytes of a line that was never acknowledged");
            self.add(Part::Journal, Gravity::Untidy, what, self.remedies.rebuild());
        }
    }
}

/// Whether an entry is its author's, so that it was not damaged since; `past` is what those before it leave.
fn is_signed(store: &dyn Store, sequence: u64, past: &Past) -> bool {
    let mut signed = false;
    let read = store.read(sequence..sequence + 1, &mut |_, line| {
        signed = Entry::parse(line).is_ok_and(|entry| past.state.keys.signed(&entry.request));
    });
    read.is_ok() && signed
}
