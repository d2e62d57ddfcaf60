//! A return sheet as a workbook: cells to fill in that stand out, lists of the words that may stand in them, all else protected.
//!
//! The protection has no password: it is there against slips, and what is changed all the same is told when the sheet comes back.

use super::{ABOUT, WIDEST, cut, heading, keyed, laid_out, pages, properties, wide, wrapped, write};
use crate::domain::assertion::{Health, Lifecycle, OccurrenceState};
use crate::report::form::{Field, Form, Row};
use crate::report::labels::english;
use crate::report::table::Cell;
use crate::report::text::{field, line};
use rust_xlsxwriter::{
    DataValidation, ExcelDateTime, FormatBorder, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

/// The name of the sheet that is filled in.
pub const RETURN: &str = "Return";

/// What `About` says, by which whoever takes the sheet back knows what was filled in.
pub mod key {
    /// The ledger's origin.
    pub const LEDGER: &str = "ledger";
    /// Whose words the sheet takes.
    pub const PARTY: &str = "party";
    /// How many entries the ledger had.
    pub const ENTRIES: &str = "entries";
    /// The leaf hash of the last of them.
    pub const HEAD: &str = "head";
}

/// How it is filled in.
const HOW: [(&str, &str); 8] = [
    (
        "how",
        "Fill in the yellow cells of the sheet Return, save it, and send it back. A row that is left as it is says nothing new.",
    ),
    (
        "LIFECYCLE, HEALTH",
        "What we said last. Another word says something new; a HEALTH needs a sentence in NOTE.",
    ),
    (
        "SINCE",
        "Since when what is new in the row is true: 2022-06-14, 2022-06 or 2022. Left empty, it is the date of what was held, or the \
         day on which the sheet was saved. Filled in alone, it says that the LIFECYCLE still holds then.",
    ),
    (
        "WINDOW, OCCURRENCE, DATE",
        "Of what recurs: which time it is, where that stands, and on which date. One in a row.",
    ),
    (
        "NOTE",
        "A sentence on what is new. It is withheld from the public. Write it here and not into a comment: comments are not read.",
    ),
    (
        "dates",
        "The yellow cells take them as text, so that 2022-06 stays a month. Formulas are not taken: paste their values.",
    ),
    (
        "rows and columns",
        "May be sorted, filtered and hidden, and rows may be deleted. Anything else that is changed or added would be lost, and is \
         refused.",
    ),
    (
        "not with a sheet",
        "What is completed needs evidence: send the file along, and it is recorded with `annals record progress`. A word is taken \
         back with `annals record correct`.",
    ),
];

/// The form as the bytes of a workbook; the same head gives the same bytes.
///
/// # Errors
/// [`XlsxError`], where there are more actions than a sheet has rows (1,048,576).
pub fn of(form: &Form) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_timestamp(form.recorded.timestamp());
    let made = made.or_else(|_| ExcelDateTime::from_ymd(1970, 1, 1))?;
    workbook.set_properties(&properties(&form.title, &form.command, &made));
    about(workbook.add_worksheet(), form)?;
    sheet(workbook.add_worksheet(), form)?;
    workbook.save_to_buffer()
}

fn about(sheet: &mut Worksheet, form: &Form) -> Result<(), XlsxError> {
    let reading = &form.reading;
    let mut rows = vec![
        (key::LEDGER, reading.origin.clone()),
        (key::PARTY, form.party.to_string()),
        (key::ENTRIES, reading.head.size.to_string()),
        (key::HEAD, reading.head.leaf.to_string()),
        ("reading", line(reading)),
        ("made with", form.command.clone()),
    ];
    rows.extend(form.institution.iter().map(|body| ("institution", body.to_string())));
    rows.extend(HOW.map(|(key, value)| (key, value.to_owned())));
    let rows: Vec<(String, String)> = rows.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    keyed(sheet, ABOUT, &form.title, &rows)?;
    pages(sheet, reading, english());
    sheet.protect();
    Ok(())
}

fn sheet(sheet: &mut Worksheet, form: &Form) -> Result<(), XlsxError> {
    sheet.set_name(RETURN)?;
    let heading = heading();
    let (text, day) = (wrapped(), wrapped().set_num_format("yyyy-mm-dd"));
    // As text, so that a month stays a month, and a year is no day of 1905.
    let open = wrapped().set_unlocked().set_num_format("@").set_background_color(0x00FF_F8DC);
    let open = open.set_border(FormatBorder::Hair);
    for (at, column) in (0_u16..).zip(&form.columns) {
        sheet.write_with_format(0, at, column.heading.as_str(), &heading)?;
        let cells = form.rows.iter().filter_map(|row| row.cells.get(usize::from(at)));
        let width = cells.map(|cell| field(cell).chars().count()).chain([column.heading.len()]).max();
        sheet.set_column_width(at, column.field.map_or_else(|| wide(width.unwrap_or_default()), room))?;
        validate(sheet, at, column.field, &form.rows)?;
    }
    for (at, row) in (1_u32..).zip(&form.rows) {
        for (place, (column, cell)) in (0_u16..).zip(form.columns.iter().zip(&row.cells)) {
            match (column.field, cell) {
                (None, _) => write(sheet, (at, place), cell, (&text, &day), english())?,
                (Some(_), Cell::Empty) => drop(sheet.write_blank(at, place, &open)?),
                (Some(_), _) => drop(sheet.write_string_with_format(at, place, cut(&field(cell)), &open)?),
            }
        }
    }
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        delete_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::default()
    });
    laid_out(sheet, (form.rows.len(), form.columns.len()), &form.reading, english())
}

/// How wide a column is in which something is said.
const fn room(field: Field) -> u16 {
    match field {
        Field::Note => WIDEST,
        _ => 14,
    }
}

/// Says what may stand in the cells of a column.
fn validate(sheet: &mut Worksheet, column: u16, field: Option<Field>, rows: &[Row]) -> Result<(), XlsxError> {
    let rule = field.map(rule).transpose()?.flatten();
    if let (Some(rule), Ok(last @ 1..)) = (rule, u32::try_from(rows.len())) {
        sheet.add_data_validation(1, column, last, column, &rule)?;
    }
    for (at, row) in (1_u32..).zip(rows).filter(|_| field == Some(Field::Window)) {
        let names: Vec<String> = row.windows.iter().map(ToString::to_string).collect();
        // Excel takes no longer list: those windows are typed.
        if !names.is_empty() && names.join(",").len() <= 255 {
            let listed = DataValidation::new().allow_list_strings(&names)?;
            sheet.add_data_validation(at, column, at, column, &listed)?;
        }
    }
    Ok(())
}

fn rule(field: Field) -> Result<Option<DataValidation>, XlsxError> {
    let list = |words: Vec<&str>| {
        let listed = DataValidation::new().allow_list_strings(&words)?;
        listed.set_error_title("Not a word of this column")?.set_error_message("Choose one of the list.")
    };
    let typed = |title, message| {
        DataValidation::new().allow_any_value().set_input_title(title)?.set_input_message(message)
    };
    match field {
        Field::Lifecycle => {
            let said = Lifecycle::ALL.iter().filter(|word| word.is_a_partys_word());
            list(said.map(|word| word.as_str()).collect())
        }
        Field::Health => list(Health::ALL.iter().map(|word| word.as_str()).collect()),
        Field::Occurrence => list(OccurrenceState::ALL.iter().map(|word| word.as_str()).collect()),
        Field::Since => {
            typed("Since when", "2022-06-14, 2022-06 or 2022; empty for the day on which the sheet is saved")
        }
        Field::Date => typed("On which date", "2022-06-14, 2022-06 or 2022"),
        Field::Window | Field::Note => return Ok(None),
    }
    .map(Some)
}
