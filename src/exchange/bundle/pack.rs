//! Packing: a bundle written from a ledger, for somebody who may see some of what is withheld.

use super::{ANSWERS, CHECKPOINTS, DISCLOSURES, EVIDENCE, POLICY, README};
use crate::domain::sealed::Audience;
use crate::exchange::answer::{self, Answer};
use crate::exchange::disclosing::{self, HandError, Handed, Which};
use crate::exchange::layout::CHECKPOINT;
use crate::ledger::checkpoints::CheckpointError;
use crate::ledger::{Ledger, LedgerError};
use crate::record::completeness::policy_at;
use crate::record::evidence;
use crate::record::fact::Fact;
use crate::store::{Condition, StoreError};
use crate::trail::checkpoint::SignedCheckpoint;
use crate::trail::disclosure::{Digest, Disclosure};
use crate::trail::tile::{Kind, Tile, WIDTH};
use std::collections::BTreeSet;
use std::io::{self, Seek, Write};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Why a bundle is not written.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// There is no checkpoint.
    #[error("no checkpoint is kept here, and a bundle ends at one: make it with `annals checkpoint`")]
    Uncovered,
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Its checkpoints.
    #[error("no checkpoint vouches for what would be in it")]
    Checkpoint(#[source] CheckpointError),
    /// A file that was whole when it was looked at.
    #[error(
        "the file {0} was changed or removed while it was packed: look at it with `annals evidence check`, and try again"
    )]
    Changed(String),
    /// The output.
    #[error("the bundle cannot be written")]
    Write(#[from] io::Error),
}

impl From<StoreError> for PackError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<CheckpointError> for PackError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Ledger(error) => Self::Ledger(error),
            other => Self::Checkpoint(other),
        }
    }
}

impl From<HandError> for PackError {
    fn from(error: HandError) -> Self {
        match error {
            HandError::Ledger(error) => Self::Ledger(error),
            HandError::Write(error) => Self::Write(error),
        }
    }
}

/// For whom a bundle is, and what goes into it besides the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Who is to read it.
    pub reader: Audience,
    /// Whether the files that its reader may see go with it.
    pub evidence: bool,
    /// What became of the requests that its reader had sent.
    pub answers: Vec<Answer>,
}

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The checkpoint at which it ends.
    pub checkpoint: SignedCheckpoint,
    /// How many checkpoints there are in it.
    pub checkpoints: u64,
    /// How many are not in it that are kept, because they cannot be read or do not hold.
    pub left_out: u64,
    /// What of the withheld values went with it.
    pub handed: Handed,
    /// How many files went with it.
    pub files: u64,
    /// How many files its reader may see that are not kept here.
    pub missing: u64,
}

/// Writes a bundle of a ledger, up to its newest checkpoint: the same bytes for the same head, checkpoints, values and reader.
///
/// # Errors
/// [`PackError`]; what was written is no bundle then.
pub fn pack<W: Write + Seek>(
    ledger: &Ledger,
    recipe: &Recipe,
    out: W,
    progress: &mut dyn FnMut(u64),
) -> Result<Packed, PackError> {
    let checkpoint = ledger.newest_whole()?.ok_or(PackError::Uncovered)?;
    let size = checkpoint.checkpoint().size();
    let (mut kept, unread) = ledger.kept_checkpoints()?;
    kept.retain(|signed| signed.checkpoint().size() <= size);
    let all = (kept.len() + unread.len()) as u64;
    // What was changed in the folder is not handed over.
    kept.retain(|signed| ledger.owns(signed).is_ok());
    let left_out = all - kept.len() as u64;
    let mut zip = Zip { zip: ZipWriter::new(out) };
    zip.put(README, readme(&checkpoint).as_bytes(), true)?;
    if !recipe.answers.is_empty() {
        zip.put(ANSWERS, &answer::write(&recipe.answers).map_err(io::Error::other)?, true)?;
    }
    zip.put(CHECKPOINT, checkpoint.to_string().as_bytes(), true)?;
    let cosigned: Vec<_> = kept.iter().filter(|signed| signed.note().signatures().len() > 1).collect();
    for signed in &cosigned {
        let name = format!("{CHECKPOINTS}{:012}", signed.checkpoint().size());
        zip.put(&name, signed.to_string().as_bytes(), true)?;
    }
    zip.begin(DISCLOSURES, true)?;
    let handed = disclosing::write_until(ledger, &Which::All, &recipe.reader, size, &mut zip.zip)?;
    let (files, missing) = if recipe.evidence { put_files(ledger, recipe, size, &mut zip)? } else { (0, 0) };
    if let Ok(policy) = policy_at(&ledger.state(), size) {
        zip.put(POLICY, &policy.to_bytes(), true)?;
    }
    for tile in Tile::between(0, size) {
        let is_text = tile.kind == Kind::Entries;
        zip.put(&tile.to_string(), &ledger.tile(tile)?, is_text)?;
        if is_text {
            progress(tile.index * WIDTH + u64::from(tile.width));
        }
    }
    zip.zip.finish().map_err(failed)?;
    Ok(Packed { checkpoint, checkpoints: cosigned.len() as u64, left_out, handed, files, missing })
}

/// Puts the files in that entries name and that the reader may see.
fn put_files<W: Write + Seek>(
    ledger: &Ledger,
    recipe: &Recipe,
    size: u64,
    zip: &mut Zip<W>,
) -> Result<(u64, u64), PackError> {
    let mut wanted = BTreeSet::new();
    ledger.replay(0..size, &mut |entry, _| {
        let event = &entry.request.event;
        let (_, held) = Fact::read(event).map_err(|fault| LedgerError::Fact(entry.seal.sequence, fault))?;
        // A digest that the reader may not see is as if it were not here.
        let may_see = |digest: &Digest| {
            let held = held.iter().find(|held| held.digest == *digest);
            held.is_some_and(|held| held.audience.admits(&recipe.reader, &event.source))
        };
        let seen = |digest: &str| -> Option<Disclosure> {
            Digest::parse(digest).filter(may_see).and_then(|digest| ledger.disclosure(&digest))
        };
        wanted.extend(evidence::shown(event, &seen, &may_see));
        Ok(())
    })?;
    let (mut files, mut missing) = (0, 0);
    for name in &wanted {
        // Looked at first, so that what is changed or not here leaves no half of it.
        if ledger.copy_blob(name, &mut io::sink())? != Condition::Whole {
            missing += 1;
            continue;
        }
        zip.begin(&format!("{EVIDENCE}{name}"), false)?;
        if ledger.copy_blob(name, &mut zip.zip)? != Condition::Whole {
            return Err(PackError::Changed(name.clone()));
        }
        files += 1;
    }
    Ok((files, missing))
}

struct Zip<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> Zip<W> {
    /// Begins a member. No time is kept: the same ledger gives the same bytes.
    fn begin(&mut self, name: &str, is_text: bool) -> Result<(), PackError> {
        let method = if is_text { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        Ok(self.zip.start_file(name, options).map_err(failed)?)
    }

    fn put(&mut self, name: &str, bytes: &[u8], is_text: bool) -> Result<(), PackError> {
        self.begin(name, is_text)?;
        Ok(self.zip.write_all(bytes)?)
    }
}

/// What the system said, where it is that.
fn failed(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn readme(signed: &SignedCheckpoint) -> String {
    let checkpoint = signed.checkpoint();
    format!(
        "\
A bundle of the ledger {origin}: {size} entries.

What is in it
  checkpoint          the ledger's name, its number of entries and the root of their tree, signed (C2SP tlog-checkpoint)
  checkpoints/        every such statement that a party's witness cosigned (C2SP tlog-cosignature)
  tile/entries/       the entries, 256 a file; before each its length in two bytes, the higher first (C2SP tlog-tiles)
  tile/0/, tile/1/    the hashes of the tree, 32 bytes each
  disclosures.jsonl   withheld values that you may see (SD-JWT, RFC 9901); an entry holds their digests
  evidence/           files that entries name, under their SHA-256
  policy              whose cosignatures counted when this was made (C2SP tlog-policy). Do not trust it because it lies
                      here: take the ledger's key and the parties' keys from elsewhere

How to verify it with Annals
  annals verify FILE --first HASH     HASH is the leaf hash of entry 0, as both parties told you
  annals verify FILE --policy FILE    or with the keys that you have from elsewhere

How to verify it without
  An entry is a line of JSON. Its leaf hash is SHA-256 over a zero byte and the entry; each entry names that of the one before
  it as `prevhash`. With the entry cut out of its file into entry.json:
    (printf '\\0'; cat entry.json) | sha256sum
  These hashes are the content of tile/0/. The root is that of RFC 6962, SHA-256 over a one byte and both children.
  A checkpoint is a signed note: any reader of C2SP signed-note verifies it (golang.org/x/mod/sumdb/note).
  A cosignature is Ed25519 over `cosignature/v1`, a line `time <seconds>` and the three lines of the checkpoint.

What it proves: that no entry up to a checkpoint was changed, removed or put in since it was cosigned; and who said what.
What it cannot prove: that what was said is true, and that nothing was said elsewhere.
",
        origin = checkpoint.origin(),
        size = checkpoint.size(),
    )
}
