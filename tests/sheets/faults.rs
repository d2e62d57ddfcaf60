//! What is wrong, each with its cell and what to do about it; nothing is recorded then.

use crate::book::Book;
use crate::desk::Desk;

const IN: &str = "sheet in returned.xlsx --as KR";

fn told(desk: &Desk, book: &Book, code: i32, words: &[&str]) {
    desk.save(book);
    let said = desk.refused(IN, code);
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(desk.refused(&format!("{IN} --dry-run"), code), said);
}

#[test]
fn every_fault_of_every_row_is_told_with_its_cell() {
    let desk = Desk::spoken();
    let book =
        desk.sheet().set("J2", "undr way").set("L2", "14.6.2022").set("N3", "").set("B4", "Another text");
    let book = book.set("J5", "planned").set("A6", "9.G2G.9").set("A7", "1.G2G.1").set("L8", "2021-08");
    let book =
        book.raw("K9", "t=\"b\"><v>1</v>").raw("J10", "t=\"str\"><f>\"plan\"&amp;\"ned\"</f><v>planned</v>");
    let book =
        book.raw("P11", "t=\"e\"><v>#N/A</v>").set("Q1", "REMARKS").set("Q2", "ours").set("R12", "lost");
    told(
        &desk,
        &book,
        2,
        &[
            "returned.xlsx: nothing was recorded",
            "Return!J2: `undr way` is not a lifecycle: planned, under_way, continuing, suspended, completed (did you mean under_way?)",
            "Return!L2: `14.6.2022` is not a date: a real day, month or year is expected",
            "Return!N3: `planned` stood here, and an emptied cell takes nothing back",
            "Return!B4: this cell is only read, and its change would be lost: put `Annual consultations",
            "Return!A6: there is no action `9.G2G.9`",
            "Return!A7: 1.G2G.1 stands in row 2, too",
            "Return!L8: nothing in this row is said as of that date",
            "Return!K9: a yes or no is not taken",
            "Return!J10: a formula is not taken",
            "Return!P11: an error is not taken",
            "Return!Q1: `REMARKS` is no column of this sheet",
            "Return!R1: this is no column of this sheet",
        ],
    );
}

#[test]
fn an_occurrence_has_its_window_its_state_and_its_own_date() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    let case = |changes: &[(&str, &str)], word: &str| {
        let book = changes.iter().fold(made.clone(), |book, (cell, text)| book.set(cell, text));
        told(&desk, &book, 2, &[word]);
    };
    case(&[("M3", "2022")], "Return!O3: the window is another, and this is still the date of the former");
    case(&[("M3", "")], "Return!M3: an occurrence needs its WINDOW");
    case(&[("M4", "2022")], "Return!N4: an occurrence needs its OCCURRENCE");
    case(&[("O4", "2021-06-30")], "Return!N4: an occurrence needs its OCCURRENCE");
    case(&[("N4", "happened")], "Return!N4: `happened` is not an occurrence: planned, confirmed, held");
    case(&[("M4", ""), ("N4", "held")], "Return!M4: an occurrence needs its WINDOW");
    // The window that the sheet was made with is not chosen for an earlier meeting.
    case(&[("N4", "held"), ("O4", "1999-06-30")], "Return!O4: on that date the window ");
    // The window alone may go.
    desk.save(&made.clone().set("M4", ""));
    assert_eq!(desk.ask(IN)["edits"], serde_json::json!([]));
}

#[test]
fn a_year_in_a_cell_of_dates_is_no_day_of_1905() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    let style = made.style("E4");
    let day = |serial: &str| {
        made.clone().set("J2", "under_way").raw("L2", &format!("s=\"{style}\"><v>{serial}</v>"))
    };
    told(&desk, &day("2022"), 2, &["Return!L2: 1905-07-14 is the day with the number 2022"]);
    told(&desk, &day("44438.5"), 2, &["Return!L2: a time of the day is not taken"]);
}

#[test]
fn a_rule_says_no_in_the_cell_that_it_is_about() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    let case = |changes: &[(&str, &str)], word: &str| {
        let book = changes.iter().fold(made.clone(), |book, (cell, text)| book.set(cell, text));
        told(&desk, &book, 1, &[word]);
    };
    case(&[("J2", "completed")], "Return!J2: `completed` needs evidence, for which a sheet has no place");
    case(&[("J2", "discontinued")], "Return!J2: `discontinued` is set by an agreed review decision alone");
    case(&[("K2", "at_risk")], "Return!K2: the health `at_risk` needs a note");
    case(&[("J2", "under_way"), ("L2", "2022")], "Return!L2: effective 2022 begins after 2021-10-01");
    case(&[("M3", "2020"), ("O3", "")], "Return!M3: 1.G2G.2 has no occurrence in the window 2020");
    // Two at once, and what is malformed decides the code.
    case(&[("J2", "discontinued"), ("K3", "at_risk")], "Return!K3: the health");
    told(&desk, &made.clone().set("J2", "discontinued").set("J3", "plan"), 2, &["Return!J2", "Return!J3"]);
}

#[test]
fn what_was_said_since_is_a_conflict_that_names_the_entry() {
    let desk = Desk::spoken();
    let book = desk.sheet().set("J2", "under_way");
    desk.done("record progress 1.G2G.1 --as KR --lifecycle continuing --effective 2021-07 --time 2021-07-01T08:00:00.000Z");
    told(
        &desk,
        &book,
        1,
        &["Return!J2: since the sheet was made, entry 128 changed what KR says of 1.G2G.1"],
    );
    // Elsewhere, and by the other side, anything may have been said.
    desk.done("record progress 1.G2G.4 --as DK --lifecycle planned --effective 2021-07 --time 2021-07-01T08:00:00.000Z");
    desk.save(&desk.sheet().set("J3", "planned"));
    assert_eq!(desk.ask(IN)["recorded"], 1);
}

#[test]
fn a_correction_since_is_a_conflict_too() {
    let desk = Desk::spoken();
    let book = desk.sheet().set("J2", "under_way");
    desk.done("record correct 1.G2G.1 125 --as KR --reason Mistaken --time 2021-07-01T08:00:00.000Z");
    told(&desk, &book, 1, &["Return!J2: since the sheet was made, entry 128"]);
}

#[test]
fn the_columns_are_those_that_were_made() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    told(
        &desk,
        &made.clone().set("P1", "REMARK"),
        2,
        &["Return!A1: the column NOTE is missing", "Return!P1: `REMARK`"],
    );
    told(&desk, &made.clone().set("Q1", "NOTE"), 2, &["Return!Q1: the column NOTE comes twice"]);
    told(&desk, &made.set("P99", "Of nothing"), 2, &["Return!A99: this row names no action"]);
}
