//! The program meets faults: each is answered with one clear line that names the thing and its remedy, the right exit
//! code, and a ledger in which nothing was lost or changed.
//!
//! Some tests mount small file systems and run the program as another user: they need root and `CAP_SYS_ADMIN`, and
//! fail with words that say so.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod agenda;
mod backup;
mod checkpoints;
mod derived;
mod disk;
mod doctor;
mod evidence;
mod folders;
mod handed;
mod importing;
mod journal;
mod place;
mod rebuilt;
mod remembered;
mod rights;
mod spoilt;
mod usage;
mod writers;
