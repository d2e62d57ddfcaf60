//! What the program answers, to every command that answers and in ledgers of every age, is as `schemas/answers` says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[expect(dead_code, reason = "little is changed here")]
#[path = "../sheets/book.rs"]
mod book;
mod csv;
mod desk;
mod mutation;
mod occurrence;
#[path = "../schemas/parts.rs"]
mod parts;
mod returned;
mod reviewed;
#[path = "../schemas/schema.rs"]
mod schema;
mod shape;
mod signed;
mod situations;
