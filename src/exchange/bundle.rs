//! A bundle: a ledger as one file, for the other side, an auditor or the public; a ZIP in the layout of tlog-tiles.
//!
//! ```text
//! README.txt                   how it is verified without this program
//! answers.jsonl                what became of the requests that its receiver had sent
//! checkpoint                   the newest one
//! checkpoints/000000000129     every one that somebody cosigned
//! disclosures.jsonl            withheld values that its receiver may see
//! evidence/5f0c…               files, under their SHA-256
//! policy                       whose cosignatures counted when it was made; never an anchor
//! tile/0/000                   the tree
//! tile/entries/000             the entries
//! ```
//!
//! It, and not a store's folder, is the durable record: it restores a ledger that ends at the same head. What is in it, is said
//! here; how it is written, verified, restored and received by a copy, in [`pack`], [`verify`], [`restore`] and [`receive`].

mod archive;
mod member;
pub mod pack;
pub mod receive;
pub mod restore;
pub mod verify;

use super::answer::{self, Answer};
use super::layout::{CHECKPOINT, LayoutError, Source, limited};
use crate::trail::checkpoint::{CheckpointFault, SignedCheckpoint};
use crate::trail::hash::hex;
use crate::trail::note::NOTE_LIMIT;
use crate::trail::tile::Tile;
use member::Member;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

const README: &str = "README.txt";
const ANSWERS: &str = "answers.jsonl";
const CHECKPOINTS: &str = "checkpoints/";
const DISCLOSURES: &str = "disclosures.jsonl";
const EVIDENCE: &str = "evidence/";
/// What lies in each document of an office program (ECMA-376, part 2; `OpenDocument`, part 2).
const OFFICE: [&str; 2] = ["[Content_Types].xml", "META-INF/manifest.xml"];
const POLICY: &str = "policy";

/// Why a file is no bundle, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not a ZIP, or a damaged one.
    #[error("{}: not a bundle, or a damaged one: {what}", path.display())]
    Zip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A name that comes twice, so that two readers may read two things.
    #[error("{}: a name comes twice in it: it is no bundle", .0.display())]
    Twice(PathBuf),
    /// A workbook, or another document of an office program, which is a ZIP as well.
    #[error(
        "{}: it is a document of an office program, and no bundle: of a report the page (`-o FILE.html`) holds entries that can be verified, \
         and `annals sheet in` takes a sheet in that came back",
        .0.display()
    )]
    Office(PathBuf),
    /// Something that belongs to no bundle.
    #[error("{}: `{member}` belongs to no bundle", path.display())]
    Member {
        /// The file.
        path: PathBuf,
        /// The name in it.
        member: String,
    },
    /// A checkpoint that is none.
    #[error("`{member}` is no signed checkpoint")]
    Checkpoint {
        /// The name in the bundle.
        member: String,
        /// What is wrong with it.
        source: CheckpointFault,
    },
    /// Answers that are none.
    #[error("`answers.jsonl` is not what its name says")]
    Answers(#[from] serde_json::Error),
    /// A part of the layout.
    #[error("the bundle is not whole")]
    Layout(#[from] LayoutError),
    /// The system.
    #[error("{}: cannot be read; check its name and the disk", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A bundle that is open for reading.
pub struct Bundle {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
}

impl Bundle {
    /// Opens a bundle, whose names are all known and come once.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let file = File::open(path).map_err(unread(path))?;
        // A folder can be opened, and what is read of one tells nobody that it is one.
        if file.metadata().map_err(unread(path))?.is_dir() {
            return Err(unread(path)(io::ErrorKind::IsADirectory.into()));
        }
        let again = file.try_clone().map_err(unread(path))?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| named(path, error))?;
        if archive.has_duplicate_names() {
            return Err(BundleError::Twice(path.to_owned()));
        }
        if let Some(what) = archive::fault(&mut archive, &again).map_err(|error| named(path, error))? {
            return Err(BundleError::Zip { path: path.to_owned(), what: what.to_owned() });
        }
        let bundle = Self { path: path.to_owned(), archive };
        let (names, foreign) = (bundle.names()?, |name: &&str| !is_known(name));
        if names.iter().any(|name| OFFICE.contains(&name.as_str())) {
            return Err(BundleError::Office(path.to_owned()));
        }
        if let Some(member) = names.iter().map(String::as_str).find(foreign) {
            let member = member.chars().filter(|c| !c.is_control()).take(120).collect();
            return Err(BundleError::Member { path: path.to_owned(), member });
        }
        Ok(bundle)
    }

    /// The names in it.
    fn names(&self) -> Result<Vec<String>, BundleError> {
        let name = |name: &[u8]| {
            std::str::from_utf8(name).map(str::to_owned).map_err(|_| {
                let member = String::from_utf8_lossy(name).chars().take(120).collect();
                BundleError::Member { path: self.path.clone(), member }
            })
        };
        self.archive.file_names_raw().map(name).collect()
    }

    /// The checkpoints in it, the smallest first.
    ///
    /// # Errors
    /// [`BundleError::Checkpoint`], [`BundleError::Layout`]; [`BundleError::Member`], where one has the name of another.
    pub fn checkpoints(&mut self) -> Result<Vec<SignedCheckpoint>, BundleError> {
        let mut all = Vec::new();
        for name in
            self.names()?.into_iter().filter(|name| name == CHECKPOINT || name.starts_with(CHECKPOINTS))
        {
            let bytes = self.member(&name, NOTE_LIMIT as u64)?;
            let parsed = SignedCheckpoint::parse(&bytes);
            let signed = parsed.map_err(|source| BundleError::Checkpoint { member: name.clone(), source })?;
            let size = signed.checkpoint().size();
            if name != CHECKPOINT && name != format!("{CHECKPOINTS}{size:012}") {
                return Err(BundleError::Member { path: self.path.clone(), member: name });
            }
            all.push(signed);
        }
        all.sort_by_key(|signed| signed.checkpoint().size());
        all.dedup();
        Ok(all)
    }

    /// The newest checkpoint in it: how many entries it has.
    ///
    /// # Errors
    /// [`BundleError::Checkpoint`]; [`BundleError::Layout`], with [`LayoutError::Missing`] where there is none.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, BundleError> {
        let bytes = self.member(CHECKPOINT, NOTE_LIMIT as u64)?;
        let member = CHECKPOINT.to_owned();
        SignedCheckpoint::parse(&bytes).map_err(|source| BundleError::Checkpoint { member, source })
    }

    /// Refuses tiles that a tree of a size has not: nobody compares them with the entries, and another reader may read them.
    fn has_only(&self, size: u64) -> Result<(), BundleError> {
        let foreign = |name: &String| {
            name.parse::<Tile>().is_ok_and(|tile| tile.kind.tile(tile.index, size) != Some(tile))
        };
        match self.names()?.into_iter().find(foreign) {
            Some(member) => Err(BundleError::Member { path: self.path.clone(), member }),
            None => Ok(()),
        }
    }

    /// What became of the requests that its receiver had sent; nothing where it answers none.
    ///
    /// # Errors
    /// [`BundleError::Answers`], [`BundleError::Layout`].
    pub fn answers(&mut self) -> Result<Vec<Answer>, BundleError> {
        let read = self.read(ANSWERS, ANSWERS_LIMIT);
        let bytes = read.map_err(|error| LayoutError::Read(ANSWERS.to_owned(), error))?;
        Ok(answer::parse(&bytes.unwrap_or_default())?)
    }

    /// The names of the files of evidence in it, which are their SHA-256.
    ///
    /// # Errors
    /// [`BundleError::Member`], where a name is no text.
    pub fn evidence(&self) -> Result<Vec<String>, BundleError> {
        let names = self.names()?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(EVIDENCE)).map(str::to_owned).collect())
    }

    /// A file of evidence, to be read to its end.
    ///
    /// # Errors
    /// [`BundleError::Zip`], also where there is none of this name; [`BundleError::Read`].
    pub fn open_evidence(&mut self, sha256: &str) -> Result<impl Read, BundleError> {
        let path = self.path.clone();
        let member = Member::open(&mut self.archive, &format!("{EVIDENCE}{sha256}"));
        member.and_then(|member| member.ok_or(ZipError::FileNotFound)).map_err(|error| named(&path, error))
    }

    /// Whether a file of evidence is the one that its name says.
    pub(super) fn is_evidence(&mut self, sha256: &str) -> Result<bool, BundleError> {
        let (mut member, mut hash, mut piece) =
            (self.open_evidence(sha256)?, Sha256::new(), vec![0; 1 << 16]);
        // What cannot be read to its end is not the file.
        while let Ok(read) = member.read(&mut piece) {
            if read == 0 {
                return Ok(hex(&hash.finalize()) == sha256);
            }
            hash.update(piece.get(..read).unwrap_or_default());
        }
        Ok(false)
    }

    /// The disclosures, a line each, to be read to their end; nothing where none are in it.
    ///
    /// # Errors
    /// [`BundleError::Zip`], [`BundleError::Read`].
    pub fn open_disclosures(&mut self) -> Result<Option<impl Read>, BundleError> {
        Member::open(&mut self.archive, DISCLOSURES).map_err(|error| named(&self.path, error))
    }

    fn member(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, BundleError> {
        let read = self.read(name, limit).map_err(|error| LayoutError::Read(name.to_owned(), error))?;
        Ok(read.ok_or_else(|| LayoutError::Missing(name.to_owned()))?)
    }
}

impl Source for Bundle {
    fn read(&mut self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let member = Member::open(&mut self.archive, path).map_err(io::Error::other)?;
        member.map(|member| limited(member, limit)).transpose()
    }
}

/// Whether a name may stand in a bundle.
fn is_known(name: &str) -> bool {
    let digits = |text: &str, width| text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    let hex =
        |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match name {
        README | ANSWERS | CHECKPOINT | DISCLOSURES | POLICY => true,
        _ => {
            name.parse::<Tile>().is_ok()
                || name.strip_prefix(CHECKPOINTS).is_some_and(|size| digits(size, 12))
                || name.strip_prefix(EVIDENCE).is_some_and(hex)
        }
    }
}

fn unread(path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::Read { path, source }
}

fn named(path: &Path, error: ZipError) -> BundleError {
    match error {
        ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => unread(path)(source),
        other => BundleError::Zip { path: path.to_owned(), what: other.to_string() },
    }
}

/// The most bytes that answers have.
const ANSWERS_LIMIT: u64 = 1 << 26;
