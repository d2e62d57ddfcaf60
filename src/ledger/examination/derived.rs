//! What is derived from the entries: sled, and the state that was kept of them.

use super::{Examining, Gravity, Part, condition, remedy};
use crate::domain::value::counted;
use crate::ledger::past::follows;
use crate::ledger::sequencer::SPARED;
use crate::ledger::{SMALL, snapshot};
use crate::record::archive::Archive;
use crate::store::condition::Derived;
use crate::store::embedded::Embedded;
use crate::store::{Head, Store};
use crate::trail::hash::LeafHash;

impl Examining<'_> {
    /// sled and the state that was kept; a writer changes both. `signed` is whether a checkpoint vouches for the entries.
    pub(super) fn derived(&mut self, store: &Embedded, kept: Option<Head>, signed: bool) {
        let size = store.head().size;
        let sled = self.writer.is_none().then(|| condition::derived(store, self.folder));
        let beside = kept.filter(|known| !follows(store, *known));
        // Either may have been exchanged for that of another ledger: what vouches for the entries tells which.
        let vouched = signed || sled == Some(Derived::Sound);
        if beside.is_some() && vouched && self.is_of_another(store) {
            let what = format!("`{}` is of another ledger, and whoever writes is refused", snapshot::FOLDER);
            self.add(Part::State, Gravity::Grave, what, remedy::remove(&self.folder.join(snapshot::FOLDER)));
        } else if let Some(known) = beside {
            let what = format!(
                "there were {} entries when the state was kept, and the journal has {size} now, or others: it was cut or \
                 changed",
                known.size
            );
            self.add(Part::Journal, Gravity::Grave, what, self.remedies.cut(known.size));
        }
        let Some(sled) = sled else { return };
        let cut = self.is_cut();
        let folder = self.folder;
        let mut untidy =
            |about, what: String| self.add(about, Gravity::Untidy, what, self.remedies.rebuild());
        match kept.filter(|_| beside.is_none()) {
            Some(_) if snapshot::load(folder).is_none_or(|kept| kept.index.check().is_err()) => {
                let what = "cannot be used: readers are refused, or read the whole history each time";
                untidy(Part::State, format!("`{}` {what}", snapshot::FOLDER));
            }
            Some(known) if size.saturating_sub(known.size) > if size <= SMALL { 0 } else { SPARED } => {
                let behind = size - known.size;
                untidy(
                    Part::State,
                    format!(
                        "`{}` is {} behind: readers read what is missing each time",
                        snapshot::FOLDER,
                        counted(behind, "entry", "entries")
                    ),
                );
            }
            None if size > 0 && beside.is_none() => {
                let what = "is missing: readers read the whole history each time";
                untidy(Part::State, format!("`{}` {what}", snapshot::FOLDER));
            }
            _ => {}
        }
        match sled {
            Derived::Sound => {}
            Derived::Missing if size == 0 => {}
            Derived::Missing => {
                untidy(Part::Sled, "`sled` is missing: the next writer makes it anew".to_owned());
            }
            Derived::NotClosed => {
                untidy(
                    Part::Sled,
                    "whoever wrote last did not close `sled`: the next writer tries it in a copy".to_owned(),
                );
            }
            Derived::Behind(entries) => {
                let entries = counted(entries, "entry", "entries");
                untidy(Part::Sled, format!("`sled` is {entries} behind the journal"));
            }
            Derived::Broken(reason) => {
                untidy(Part::Sled, format!("`sled` is not what the journal has: {reason}"));
            }
            Derived::Unknown(reason) => {
                let what = format!(
                    "`sled` was not looked at, for which a copy of it is made in the temporary folder: {reason}"
                );
                self.add(Part::Sled, Gravity::Fine, what, ("set TMPDIR to a folder with room", Vec::new()));
            }
            // Of what was cut, that is said once.
            Derived::Ahead(_) if cut => {}
            Derived::Ahead(known) => {
                let what = format!(
                    "there were {known} entries when `sled` was closed, and the journal has {size}: it was cut"
                );
                self.add(Part::Journal, Gravity::Grave, what, self.remedies.cut(known));
            }
        }
    }

    /// Whether the state was kept by a ledger with another first entry. One that cannot be read may be of this one.
    fn is_of_another(&self, store: &Embedded) -> bool {
        let Some(mut kept) = snapshot::load(self.folder) else { return false };
        let mut first = None;
        let read = store.read(0..1, &mut |_, line| first = Some(LeafHash::of(line)));
        let Some(first) = first.filter(|_| read.is_ok()) else { return false };
        kept.index.by_leaf(first).is_ok_and(|known| known != Some(0))
    }
}
