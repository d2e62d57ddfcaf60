//! Another writer is at work: nobody writes beside it, and everybody reads.

use super::place::{HISTORY, PROGRESS, Place, READING};
use annals::ledger::Ledger;
use std::fs::File;

const HELD: [&str; 3] = ["lock", "another process is writing to this ledger", "wait for it"];

fn nobody_writes_and_everybody_reads(place: &Place) {
    let before = place.export();
    place.refused(PROGRESS, 3, &HELD);
    place.refused(["import", HISTORY, "--make-keys"], 3, &HELD);
    place.refused("record confirm 1.G2G.1 --as DK".split(' '), 3, &HELD);
    for reading in READING {
        place.done(reading);
    }
    assert_eq!(place.export(), before);
}

#[test]
fn beside_whoever_holds_the_lock_nobody_writes_and_everybody_reads() {
    let place = Place::founded();
    let lock = File::options().write(true).open(place.ledger.join("lock")).unwrap();
    lock.try_lock().unwrap();
    nobody_writes_and_everybody_reads(&place);
    drop(lock);
    place.done(PROGRESS);
}

#[test]
fn beside_a_program_that_has_the_ledger_open_nobody_writes_and_everybody_reads() {
    let place = Place::founded();
    let ledger = Ledger::open(&place.ledger, &mut |_| {}).unwrap();
    nobody_writes_and_everybody_reads(&place);
    drop(ledger);
    place.done(PROGRESS);
}

#[test]
fn of_many_who_write_at_once_each_is_recorded_or_told_to_wait() {
    let place = Place::founded();
    let id = |writer: usize| format!("01790000-0000-7000-8000-{writer:012}");
    let recorded: Vec<String> = std::thread::scope(|scope| {
        let write = |writer| {
            let place = &place;
            scope.spawn(move || {
                let id = id(writer);
                let answer = place.annals(PROGRESS.into_iter().chain(["--id", &id]));
                if answer.code != Some(0) {
                    answer.says(3, &HELD);
                }
                (answer.code == Some(0)).then_some(id)
            })
        };
        let writers: Vec<_> = (0..6).map(write).collect();
        writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(!recorded.is_empty(), "somebody was first");
    for id in (0..6).map(id) {
        assert_eq!(place.count(&id), usize::from(recorded.contains(&id)), "{id}");
    }
    place.done(["verify"]);
}
