//! Return sheets: handed out, filled in, and taken back.

use super::book::Book;
use super::desk::{Answer, Desk, PLAN};

pub(crate) fn returned() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.ask(&format!("init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"));
    desk.ask("record progress 1.G2G.1 --as KR --health at_risk --note Late --effective 2021-08-01 --time 2021-08-02T08:00:00.000Z");
    desk.both_anew("sheet out --as KR --output made.xlsx", "made.xlsx");
    desk.both_anew("sheet out --as KR --institution MSIT --output msit.xlsx", "msit.xlsx");
    desk.both_anew("sheet in made.xlsx --as KR", "none");
    let mut book = Book::open(&desk.path("made.xlsx"));
    for (row, word) in (2..).zip(["planned", "under_way", "continuing", "suspended"]) {
        book = book.set(&format!("J{row}"), word);
    }
    for (row, word) in (2..).zip(["on_track", "at_risk", "off_track"]) {
        book = book.set(&format!("K{row}"), word).set(&format!("P{row}"), "=1+1");
    }
    for (row, word) in (2..).zip(["planned", "confirmed", "held", "postponed", "cancelled"]) {
        book = book.set(&format!("M{row}"), "2021").set(&format!("N{row}"), word);
    }
    // Of the first action it is said since when it was so before.
    book.set("L2", "2021-07")
        .set("O2", "2021-05-20")
        .save(&desk.path("returned.xlsx"), "2021-10-01T09:00:00Z");
    let taken = "sheet in returned.xlsx --as KR";
    desk.read_both(&format!("{taken} --dry-run"));
    desk.both_anew(&format!("{taken} --output requests.jsonl"), "requests.jsonl");
    desk.ask(taken);
    desk.both_anew(taken, "none");
    desk.refused("sheet in returned.xlsx --as DK", 2);
    desk.refused("sheet out --as KR --output made.xlsx", 2);
    desk.answers
}
