//! How another history stands to the one that was verified: the same, more, less, or a fork.

use super::super::output;
use annals::exchange::against::Compared;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How another history stands to the one that was verified.
pub(crate) struct Against {
    pub(super) target: PathBuf,
    pub(super) compared: Compared,
    /// How many entries the one that was verified has.
    pub(super) size: u64,
    /// Whether the other one holds.
    pub(super) sound: bool,
    /// The first entry of either that does not hold by itself.
    pub(super) bad: Option<u64>,
    /// Where a fork was written.
    pub(super) fork: Option<PathBuf>,
}

impl Against {
    pub(super) fn holds(&self) -> bool {
        self.sound && !matches!(self.compared, Compared::Parted(_))
    }

    pub(super) fn words(&self) -> String {
        let entries = |count| output::count(count, "entry", "entries");
        let words = match self.compared {
            Compared::Same => format!("the same {}", entries(self.size)),
            Compared::More(more) => format!("it has the {} of this one, and {more} more", entries(self.size)),
            Compared::Less(less) => format!("this one has {less} more than it, and the same before"),
            Compared::Parted(at) if self.bad.is_some_and(|bad| bad <= at) => {
                format!("not the same from entry {at} on, where one of the two does not hold by itself")
            }
            Compared::Parted(0) => "another ledger: its first entry is another".to_owned(),
            Compared::Parted(at) => {
                format!("A FORK: the two are the same before entry {at}, and others from there on")
            }
        };
        let sound = if self.sound { "" } else { "; it does not verify by itself" };
        let fork = self.fork.as_ref().map_or_else(String::new, |path| {
            format!("; two checkpoints that cannot both be true are in {}", path.display())
        });
        format!("against {}: {words}{sound}{fork}", self.target.display())
    }

    pub(super) fn answer(&self) -> Value {
        let (stands, count) = match self.compared {
            Compared::Same => ("same", 0),
            Compared::More(more) => ("more", more),
            Compared::Less(less) => ("less", less),
            Compared::Parted(at) => ("parted", at),
        };
        let mut value = json!({
            "target": output::path(&self.target), "stands": stands, "entries": count, "holds": self.sound, "words": self.words(),
        });
        if let Some(members) = value.as_object_mut() {
            members.extend(self.fork.as_ref().map(|path| ("fork".to_owned(), output::path(path))));
        }
        value
    }
}
