//! The audit trail's bytes: what is hashed, what is signed, and how both are read back.
//!
//! To this module an event is bytes with an author; what an action is, is not known here.
//!
//! - [`canonical`]: the one form in which JSON is hashed and signed;
//! - [`hash`]: the leaf hash, which serves the chain, the stream chains and the tree, and what stands above it there;
//! - [`key`]: keys as C2SP verifier keys; signatures as Ed25519, checked strictly, and from elsewhere as ML-DSA-44;
//! - [`attribute`]: the members of requests and entries, in the one form of each;
//! - [`data`]: an event's own fields, as they are hashed;
//! - [`entry`]: requests and entries, and the two runs that the ledger adds; `parts`, both read where they stand;
//! - [`lines`]: lines that are read together, and the entries that share their text, as `excerpt`s;
//! - [`chain`]: whether lines are entries that follow each other, and nothing else of them;
//! - [`disclosure`]: values that can be withheld or erased while every hash stays valid;
//! - [`tile`]: hashes of the Merkle tree that lie side by side, and where;
//! - [`merkle`]: the tree, and the proofs that an entry is in it and that it was only added to;
//! - [`note`]: texts with the lines of those who signed them;
//! - [`checkpoint`]: the size and root of a log, signed by it;
//! - [`witness`]: dated cosignatures of checkpoints;
//! - [`policy`]: which logs and witnesses are trusted, and how many of them are needed;
//! - [`quorum`]: what a policy says of a signed checkpoint;
//! - [`proof`]: that an entry lies under a checkpoint, as a file;
//! - [`fork`]: two checkpoints that cannot both be true, as a file.

pub mod attribute;
pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod data;
pub mod disclosure;
pub mod entry;
pub mod excerpt;
pub mod fork;
pub mod hash;
pub mod key;
pub mod lines;
pub mod merkle;
pub mod note;
mod parts;
pub mod policy;
pub mod proof;
pub mod quorum;
pub mod tile;
pub mod witness;
