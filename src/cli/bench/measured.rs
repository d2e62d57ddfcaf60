//! The lines of the table: what is measured, in which unit, and what is to be reached.

use clap::ValueEnum;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Work {
    /// One entry, durable
    Append,
    /// One entry with a note, whose disclosure is durable first
    AppendNote,
    /// 64 writers at once
    Writers,
    /// An export restored
    Restore,
    /// Form, chain and stream chains
    Links,
    /// Signatures
    Signatures,
    /// Replay into the board
    Replay,
    /// From opening to the first answer
    Opening,
    /// The board, on either axis
    Reading,
    /// The state of one action
    State,
    /// The history of one action
    History,
    /// Memory that writing takes
    MemoryWriting,
    /// Memory that verifying takes
    MemoryVerifying,
    /// The folder beside its entries
    Folder,
    /// One entry, with the tree kept up
    Tree,
    /// The proof of one entry
    Proof,
    /// Form, chains and tree of a bundle
    Bundle,
    /// From an entry to its verified proof
    Proved,
}

/// In which unit limit and ours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Microseconds,
    Milliseconds,
    PerSecond,
    MegabytesPerSecond,
    Megabytes,
}

impl Unit {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::PerSecond => "/s",
            Self::MegabytesPerSecond => "MB/s",
            Self::Megabytes => "MB",
        }
    }
}

/// What is to be reached, for a million entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Ours is at most so many times the limit.
    RatioAtMost(f64),
    /// Ours is at least so much of the limit.
    RatioAtLeast(f64),
    /// Ours is at most this.
    AtMost(f64),
    /// Ours is at least this.
    AtLeast(f64),
}

impl Work {
    /// Its key in machine output and on the command line.
    pub(super) fn key(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// For people: what is measured, and what its limit is.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Append => ("durable single append, p50", "write + fdatasync + one strict check"),
            Self::AppendNote => ("the same with a note", "the same, two syncs"),
            Self::Writers => ("64 concurrent writers", "cores ÷ strict check"),
            Self::Restore => ("restore, signatures not counted", "write of the same bytes"),
            Self::Links => ("form, chain and stream chains, all cores", "SHA-256 of the same bytes"),
            Self::Signatures => ("signatures, all cores", "strict checks on all cores"),
            Self::Replay => ("replay into the board, one core", "typed parse of the same bytes"),
            Self::Opening => ("opening, to the first answer", ""),
            Self::Reading => ("any reading, either axis", ""),
            Self::State => ("one action's state, p50", ""),
            Self::History => ("one action's history, p50", ""),
            Self::MemoryWriting => ("resident memory, writing", ""),
            Self::MemoryVerifying => ("resident memory, verifying", ""),
            Self::Folder => ("folder", "the entries' bytes"),
            Self::Tree => ("appends, with the tree kept up", "the same without it"),
            Self::Proof => ("the proof of an entry, p50", ""),
            Self::Bundle => ("form, chains and tree, all cores", "SHA-256 of the same bytes"),
            Self::Proved => ("from an entry to its verified proof, p99", ""),
        }
    }

    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Append | Self::AppendNote | Self::State | Self::History | Self::Proof => Unit::Microseconds,
            Self::Opening | Self::Reading | Self::Proved => Unit::Milliseconds,
            Self::Writers | Self::Restore | Self::Signatures | Self::Tree => Unit::PerSecond,
            Self::Links | Self::Replay | Self::Bundle => Unit::MegabytesPerSecond,
            Self::MemoryWriting | Self::MemoryVerifying | Self::Folder => Unit::Megabytes,
        }
    }

    pub(super) const fn target(self) -> Target {
        match self {
            Self::Append | Self::AppendNote => Target::RatioAtMost(1.25),
            Self::Writers => Target::RatioAtLeast(0.7),
            Self::Restore => Target::AtLeast(150_000.0),
            Self::Links => Target::RatioAtLeast(0.4),
            Self::Signatures => Target::RatioAtLeast(0.95),
            Self::Replay => Target::RatioAtLeast(0.6),
            Self::Reading | Self::State | Self::Proof => Target::AtMost(50.0),
            Self::Tree => Target::RatioAtLeast(0.9),
            Self::Bundle => Target::RatioAtLeast(0.35),
            Self::Proved => Target::AtMost(25.0),
            Self::Opening | Self::History | Self::MemoryVerifying => Target::AtMost(200.0),
            Self::MemoryWriting => Target::AtMost(150.0),
            Self::Folder => Target::RatioAtMost(3.0),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) work: Work,
    /// What the machine itself can do, where there is such a limit.
    pub(super) limit: Option<f64>,
    /// What this program does; nothing where it cannot be measured here.
    pub(super) ours: Option<f64>,
    /// How it was measured, in words for people.
    pub(super) how: String,
}

impl Measured {
    pub(super) fn ratio(&self) -> Option<f64> {
        self.ours.zip(self.limit).map(|(ours, limit)| ours / limit)
    }

    /// Whether it is what is to be reached.
    pub(super) fn met(&self) -> Option<bool> {
        match self.work.target() {
            Target::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Target::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Target::AtMost(most) => self.ours.map(|ours| ours <= most),
            Target::AtLeast(least) => self.ours.map(|ours| ours >= least),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_on_its_own_side_alone() {
        let line = |work, limit, ours| Measured { work, limit, ours, how: String::new() };
        for (work, limit, ours, met) in [
            (Work::Append, Some(100.0), Some(125.0), Some(true)),
            (Work::Append, Some(100.0), Some(126.0), Some(false)),
            (Work::Writers, Some(100.0), Some(70.0), Some(true)),
            (Work::Writers, Some(100.0), Some(69.0), Some(false)),
            (Work::Restore, Some(9e9), Some(150_000.0), Some(true)),
            (Work::Restore, Some(1.0), Some(149_999.0), Some(false)),
            (Work::Opening, None, Some(200.1), Some(false)),
            (Work::MemoryWriting, None, None, None),
        ] {
            assert_eq!(line(work, limit, ours).met(), met, "{work:?} {ours:?}");
        }
    }
}
