//! Withheld values, and which of them entries hold, have erased, or do not know.

use super::beside::NAMED;
use super::{DISCLOSURES, Examining, Gravity, Named, Part};
use crate::domain::value::counted;
use crate::ledger::named::Withheld;
use crate::ledger::{LedgerError, erasing, lines};
use crate::store::runs::Runs;
use crate::trail::disclosure::Disclosure;

impl Examining<'_> {
    pub(super) fn disclosures(&mut self, named: &mut Named) {
        let (mut damaged, mut at_hand, mut erased, mut stray) = (Vec::new(), 0_u64, 0_u64, 0_u64);
        let mut here = Runs::new(true);
        let read = lines::once::<LedgerError>(self.folder, &mut |line| {
            let number = line.number;
            match line.fit() {
                None => damaged.push(number),
                Some(disclosure) => {
                    here.insert(*disclosure.digest().bytes(), [])?;
                    let count = match named.takes(&disclosure)? {
                        Withheld::Held => &mut at_hand,
                        Withheld::Erased => &mut erased,
                        Withheld::Stray => &mut stray,
                    };
                    *count += 1;
                }
            }
            Ok(())
        });
        self.at_hand = at_hand == named.withheld();
        match read {
            Err(LedgerError::Store(error)) => {
                let what = error.to_string();
                self.add(Part::Disclosures, Gravity::Unreadable, what, ("check the disk", Vec::new()));
            }
            Err(error) => {
                self.add(Part::Disclosures, Gravity::Unreadable, error.to_string(), self.remedies.rights());
            }
            Ok(None) if named.withheld() > 0 && !self.has_taken(Part::Disclosures) => {
                let what = format!(
                    "`{DISCLOSURES}` is missing: {} withheld values cannot be shown",
                    named.withheld()
                );
                self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.disclosures(&[]));
            }
            Ok(None) => {}
            Ok(Some(unfinished)) => {
                let unfinished = unfinished && self.writer.is_none();
                let kept = if at_hand < named.withheld() { self.in_backup(named, &here) } else { 0 };
                self.not_at_hand((at_hand, named.withheld(), kept), unfinished, damaged.is_empty());
            }
        }
        if !damaged.is_empty() {
            let lines: Vec<String> = damaged.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if damaged.len() > NAMED { " and more" } else { "" };
            let what = format!(
                "`{DISCLOSURES}` holds no disclosure in line {}{more}: their fields count as withheld",
                lines.join(", ")
            );
            self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.disclosures(&damaged));
        }
        // Whoever writes may be between the entry and the removal.
        if erased > 0 && self.writer.is_none() {
            let what =
                format!("values that were erased are still in `{DISCLOSURES}`, or are again: {erased}");
            self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.erased());
        }
        if let Some(path) = erasing::found(self.folder).filter(|_| self.writer.is_none()) {
            let what = format!(
                "{}: an erasure was begun, and something of the value may still be here",
                path.display()
            );
            self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.erased());
        }
        let strays = match stray {
            1 => "1 disclosure belongs to no entry".to_owned(),
            many => format!("{many} disclosures belong to no entry"),
        };
        if stray > 0 && self.writer.is_none() && !self.is_grave() {
            // What is missing may be what was changed.
            if at_hand < named.withheld() {
                let missing = named.withheld().saturating_sub(at_hand);
                let values = counted(missing, "value", "values");
                let what =
                    format!("{strays}, and {values} not at hand: what is kept of them may have been changed");
                self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.disclosures(&[]));
            } else {
                let what = format!("{strays}: nothing was ever recorded that withholds as much");
                self.add(Part::Disclosures, Gravity::Fine, what, ("nothing is to be done", Vec::new()));
            }
        }
    }

    /// How many of the values that entries hold and are not here a backup has: one that cannot be read restores nothing.
    fn in_backup(&self, named: &Named, here: &Runs<32, 0>) -> u64 {
        let mut kept = 0;
        let read = lines::once::<LedgerError>(self.remedies.backup, &mut |line| {
            let Some(digest) = line.fit().as_ref().map(Disclosure::digest) else { return Ok(()) };
            kept += u64::from(here.get(digest.bytes())?.is_none() && named.holds(&digest)?);
            Ok(())
        });
        if read.is_ok() { kept } else { 0 }
    }

    /// What entries hold and is not here. Whether it ever was, the ledger does not know: whoever restored it, or was not to see
    /// all, never had it. Where a line was broken off as well, it may have been; and where a backup has it, it was.
    fn not_at_hand(&mut self, (at_hand, withheld, kept): (u64, u64, u64), unfinished: bool, undamaged: bool) {
        let missing = withheld.saturating_sub(at_hand);
        let fact = format!("{missing} of {withheld} withheld values are not at hand");
        if unfinished && missing > 0 {
            let what = format!("`{DISCLOSURES}` ends within a line, and {fact}: it may have been cut");
            self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.disclosures(&[]));
        } else if unfinished {
            let what = format!("`{DISCLOSURES}` ends with a line that was never acknowledged");
            self.add(Part::Disclosures, Gravity::Untidy, what, self.remedies.rebuild());
        } else if kept > 0 && undamaged {
            let what = format!("{fact}, and the backup has {kept} of them");
            self.add(Part::Disclosures, Gravity::Wrong, what, self.remedies.disclosures(&[]));
        } else if missing > 0 && undamaged {
            let (remedy, commands) = self.remedies.disclosures(&[]);
            let remedy = format!("if they were here, {remedy}");
            self.add(Part::Disclosures, Gravity::Fine, fact, (&remedy, commands));
        }
    }
}
