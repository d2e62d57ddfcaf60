//! An account: all entries of one stream, and the proof that they are all, in one file that anybody can verify alone.
//!
//! ```text
//! annals/account/v1
//! subject actions/1.G2G.3
//! index 17                                         the stream's place among those that were attested
//! <hash>                                           …and its path to the root of their tree, a hash a line
//!
//! {"basehash":…}                                   the entries of the stream, one a line
//!
//! <a tlog-proof, to the end of the file>           of the entry that attests to the streams
//! ```
//!
//! The attestation lies under a checkpoint, and holds the root of a tree with a leaf for each stream: how many entries it has, and
//! the leaf hash of the last. From there the stream's own chain leads back to the first, so that none can be left out. What was
//! recorded after the attestation is not in it.

use super::attestation::{Attested, Ending};
use super::fact::Fact;
use crate::trail::entry::{Entry, EntryFault};
use crate::trail::hash::{Head, LeafHash, NotANode};
use crate::trail::key::VerifierKey;
use crate::trail::merkle::{self, PROOF_LIMIT};
use crate::trail::proof::{Proof, ProofFault};
use std::fmt;

const HEADER: &str = "annals/account/v1";

/// All entries of a stream, and what proves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    ending: Ending,
    entries: Vec<Entry>,
    lines: Vec<String>,
    attestation: Proof,
    attesting: Entry,
}

/// Why a text is no account, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    /// Not of the form.
    #[error(
        "not an account: `{HEADER}`, a subject, a place, hashes, the entries and a proof are expected, with an empty line between"
    )]
    Form,
    /// Changed on the way.
    #[error(
        "the account holds `\\r\\n`, as some programs put there: lines end with a newline (0x0a) alone; take the file as it was sent"
    )]
    Returns,
    /// A line that is no hash.
    #[error("line {0} is no hash")]
    Hash(usize, #[source] NotANode),
    /// A line that is no entry.
    #[error("entry {0} of the stream is none")]
    Entry(usize, #[source] EntryFault),
    /// The proof of the attestation.
    #[error("what follows the entries is no proof")]
    Proof(#[source] ProofFault),
    /// What is proved is no attestation.
    #[error("what is proved to be in the ledger attests to no streams")]
    Attestation,
    /// The attestation is not under the checkpoint.
    #[error("the attestation is not under the checkpoint")]
    Inclusion(#[source] merkle::ProofFault),
    /// The stream is not among those that were attested.
    #[error("the stream does not end like this in what was attested: entries are missing, or others")]
    Stream(#[source] merkle::ProofFault),
    /// An entry that does not continue the stream.
    #[error("entry {0} of the stream does not follow the one before it")]
    Chain(u64),
}

impl AccountFault {
    /// Whether a file is an account by its form, and does not prove what it says.
    #[must_use]
    pub const fn is_of_what_it_says(&self) -> bool {
        match self {
            Self::Form | Self::Returns | Self::Hash(..) | Self::Entry(..) | Self::Proof(_) => false,
            Self::Attestation | Self::Inclusion(_) | Self::Stream(_) | Self::Chain(_) => true,
        }
    }
}

impl Account {
    /// An account of the entries of a stream, which are given as they are stored.
    ///
    /// # Errors
    /// [`AccountFault`], where they are not all, or not proved.
    pub fn new(ending: Ending, lines: Vec<String>, attestation: Proof) -> Result<Self, AccountFault> {
        let parse = |(at, line): (usize, &String)| {
            Entry::parse(line.as_bytes()).map_err(|fault| AccountFault::Entry(at, fault))
        };
        let entries = (1..).zip(&lines).map(parse).collect::<Result<Vec<_>, _>>()?;
        let extra = attestation.extra().ok_or(AccountFault::Attestation)?;
        let attesting = Entry::parse(extra).map_err(|_| AccountFault::Attestation)?;
        let account = Self { ending, entries, lines, attestation, attesting };
        account.check()?;
        Ok(account)
    }

    fn check(&self) -> Result<(), AccountFault> {
        let (index, checkpoint) = (self.attestation.index(), self.attestation.checkpoint().checkpoint());
        let attested = self.attested()?;
        let is_its = |entry: &Entry| entry.request.event.ledger == checkpoint.origin();
        if self.attesting.seal.sequence != index || attested.size != index || !is_its(&self.attesting) {
            return Err(AccountFault::Attestation);
        }
        let (leaf, path) = (self.attesting.leaf(), self.attestation.path());
        let included = merkle::includes(leaf, index, checkpoint.size(), path, checkpoint.root());
        included.map_err(AccountFault::Inclusion)?;
        self.ending.check(&attested).map_err(AccountFault::Stream)?;
        let mut head = Head::EMPTY;
        for entry in &self.entries {
            let event = &entry.request.event;
            let follows = entry.seal.streamversion == head.size + 1 && entry.seal.streamprevhash == head.leaf;
            let before = entry.seal.sequence < attested.size;
            if event.subject != self.ending.subject || !follows || !before || !is_its(entry) {
                return Err(AccountFault::Chain(head.size + 1));
            }
            head = entry.stream();
        }
        if head != self.ending.head {
            return Err(AccountFault::Chain(head.size + 1));
        }
        Ok(())
    }

    fn attested(&self) -> Result<Attested, AccountFault> {
        match Fact::read(&self.attesting.request.event) {
            Ok((Fact::Attested(attested), _)) => Ok(attested),
            _ => Err(AccountFault::Attestation),
        }
    }

    /// Reads an account; only the form that [`fmt::Display`] writes is accepted. Signatures are not looked at.
    ///
    /// # Errors
    /// [`AccountFault`], by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, AccountFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| AccountFault::Form)?;
        if text.contains("\r\n") {
            return Err(AccountFault::Returns);
        }
        let (head, rest) = text.split_once("\n\n").ok_or(AccountFault::Form)?;
        let (entries, proof) = rest.split_once("\n\n").ok_or(AccountFault::Form)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(AccountFault::Form);
        }
        let subject =
            lines.next().and_then(|line| line.strip_prefix("subject ")).ok_or(AccountFault::Form)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(AccountFault::Form)?;
        let number: u64 = index.parse().map_err(|_| AccountFault::Form)?;
        if number.to_string() != index {
            return Err(AccountFault::Form);
        }
        let hash = |(at, line): (usize, &str)| line.parse().map_err(|fault| AccountFault::Hash(at, fault));
        let path: Vec<_> = (4..).zip(lines).take(PROOF_LIMIT + 1).map(hash).collect::<Result<_, _>>()?;
        if path.len() > PROOF_LIMIT {
            return Err(AccountFault::Form);
        }
        let lines: Vec<String> = entries.split('\n').map(str::to_owned).collect();
        let last = lines.last().ok_or(AccountFault::Form)?;
        let last = Entry::parse(last.as_bytes()).map_err(|fault| AccountFault::Entry(lines.len(), fault))?;
        let ending = Ending { subject: subject.to_owned(), head: last.stream(), index: number, path };
        let proof = Proof::parse(proof.as_bytes()).map_err(AccountFault::Proof)?;
        Self::new(ending, lines, proof)
    }

    /// The stream.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.ending.subject
    }

    /// Its entries, the first of them first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The proof of the entry that attests to the streams, with the checkpoint above it.
    #[must_use]
    pub const fn attestation(&self) -> &Proof {
        &self.attestation
    }

    /// After how many entries of the ledger the streams were attested.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.attestation.index()
    }

    /// Whether the ledger, whose key is known from elsewhere, signed the attestation.
    #[must_use]
    pub fn is_attested_by(&self, log: &VerifierKey) -> bool {
        self.attesting.request.is_signed_by(log)
    }

    /// The leaf hash of the attestation.
    #[must_use]
    pub fn leaf(&self) -> LeafHash {
        self.attesting.leaf()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ending { subject, index, path, .. } = &self.ending;
        writeln!(f, "{HEADER}\nsubject {subject}\nindex {index}")?;
        path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        writeln!(f)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        write!(f, "\n{}", self.attestation)
    }
}
