//! Whatever file comes, the program answers, and takes no more memory than it says.

use crate::book::Book;
use crate::desk::{Desk, PLAN};
use annals::exchange::sheet::workbook::{FILE_LIMIT, UNPACKED_LIMIT, Workbook, WorkbookError};
use std::fs;

const IN: &str = "sheet in returned.xlsx --as KR";

#[test]
fn a_file_that_is_no_sheet_of_this_ledger_is_told_what_it_is() {
    let desk = Desk::spoken();
    let made = desk.sheet();
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "it is not a workbook"),
        (b"PK\x05\x06".to_vec(), "it is not a workbook"),
        (fs::read(PLAN).unwrap(), "it is not a workbook"),
        (made.bytes()[..4000].to_vec(), "it is not a workbook"),
        (vec![0; usize::try_from(FILE_LIMIT).unwrap() + 9], "it has more than 8388608 bytes"),
    ];
    let part = |name: &str, from: &str, to: &str| {
        let mut book = made.clone();
        book.edit(name, |text| text.replace(from, to));
        book.bytes()
    };
    let sheet = "xl/worksheets/sheet2.xml";
    cases.extend([
        (part("xl/workbook.xml", "Return", "Retour"), "it has no sheet `Return`"),
        (part("xl/workbook.xml", "About", "Om"), "it has no sheet `About`"),
        (part("xl/sharedStrings.xml", "uniqueCount=\"", "uniqueCount=\"999999999999"), "is not what it says"),
        (part(sheet, "t=\"s\"", "t=\"q\""), "it cannot be read as a workbook"),
        (part(sheet, "</v>", "99999</v>"), "it cannot be read as a workbook"),
        (made.clone().set("XFD1048576", "far").bytes(), "Return!XFD1048576 lies beyond"),
        (
            made.clone().about("B3", "another.example/ledger").bytes(),
            "made from the ledger another.example/ledger",
        ),
        (made.clone().about("B4", "DK").bytes(), "it takes the words of DK"),
        (made.clone().about("B5", "3").bytes(), "this ledger has none such there"),
        (made.clone().about("B5", "many").bytes(), "this ledger has none such there"),
        (made.clone().about("B6", &"0".repeat(64)).bytes(), "this ledger has none such there"),
        (made.clone().about("A6", "heads").bytes(), "the sheet `About` says no `head`"),
    ]);
    let mut bomb = made.clone();
    let zeros = " ".repeat(usize::try_from(UNPACKED_LIMIT).unwrap());
    bomb.parts.push(("xl/bomb.xml".to_owned(), zeros));
    cases.push((bomb.bytes(), "it unpacks to more than"));
    // One text that takes a few bytes in the file, for each of many cells.
    let mut shared = made.clone();
    let long = "x".repeat(usize::try_from(UNPACKED_LIMIT).unwrap() / 4);
    shared.edit("xl/sharedStrings.xml", |text| text.replacen("<t>", &format!("<t>{long}"), 1));
    shared.edit(sheet, |text| {
        let cell = |row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>");
        let cells = (900..1900).map(cell).collect::<Vec<_>>().concat();
        text.replace("</sheetData>", &format!("{cells}</sheetData>"))
    });
    cases.push((shared.bytes(), "as what its cells say"));
    let mut crowd = made.clone();
    crowd.parts.extend((0..1001).map(|number| (format!("xl/{number}.xml"), String::new())));
    cases.push((crowd.bytes(), "1000 parts"));
    for (bytes, word) in cases {
        fs::write(desk.path("returned.xlsx"), bytes).unwrap();
        assert_eq!(desk.run(IN).status.code(), Some(2), "{word}");
        let said = desk.refused(IN, 2);
        assert!(said.contains(word), "{word}: {said}");
    }
    fs::remove_file(desk.path("returned.xlsx")).unwrap();
    assert!(desk.refused(IN, 2).contains("check its name"));
}

#[test]
fn a_sheet_of_one_party_is_not_taken_in_by_the_other() {
    let desk = Desk::spoken();
    desk.save(&desk.sheet());
    let said = desk.refused("sheet in returned.xlsx --as DK", 2);
    assert!(said.contains("it takes the words of KR, and DK was to sign them"), "{said}");
}

#[test]
fn two_cells_far_apart_and_many_that_are_empty_take_no_room() {
    let desk = Desk::spoken();
    let row = |at: u32| format!("<row r=\"{at}\"><c r=\"A{at}\"/></row>");
    let cells = (100..200_000).map(row).collect::<Vec<_>>().concat();
    let mut book = desk.sheet();
    book.edit("xl/worksheets/sheet2.xml", |text| {
        let wide = text.replace("<dimension ref=\"A1:P70\"/>", "<dimension ref=\"A1:XFD1048576\"/>");
        wide.replace("</sheetData>", &format!("{cells}</sheetData>"))
    });
    desk.save(&book);
    assert_eq!(desk.ask(IN)["recorded"], 0);
}

/// Parts with bytes changed, added and left out: each is read or refused, and nothing panics out of the reader.
#[test]
fn damaged_parts_are_answered() {
    let desk = Desk::spoken();
    desk.save(&desk.sheet().set("J2", "under_way").raw("L2", "><v>44438.25</v>"));
    let book = Book::open(&desk.path("returned.xlsx"));
    let mut random = fastrand::Rng::with_seed(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..300 {
        let mut damaged = book.clone();
        let part = random.usize(..damaged.parts.len());
        let (_, text) = &mut damaged.parts[part];
        for _ in 0..random.usize(1..4) {
            let mut bytes = std::mem::take(text).into_bytes();
            if bytes.is_empty() {
                continue;
            }
            let at = random.usize(..bytes.len());
            match random.u8(..4) {
                0 => bytes[at] = random.u8(b' '..=b'~'),
                1 => bytes.truncate(at),
                2 => bytes.extend_from_within(at..),
                _ => drop(bytes.drain(at..(at + 20).min(bytes.len()))),
            }
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        match Workbook::read(&damaged.bytes()) {
            Ok(_) => read += 1,
            Err(WorkbookError::Form(why)) => {
                assert!(!why.contains("gave up"), "{why}");
                refused += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 10 && refused > 10, "{read} {refused}");
}
