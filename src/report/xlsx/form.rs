//! A return sheet as a workbook: cells to fill in that stand out, lists of the words that may stand in them, all else protected.
//!
//! The protection has no password: it is there against slips, and what is changed all the same is told when the sheet comes back.

use super::{ABOUT, WIDEST, cut, heading, keyed, laid_out, pages, properties, wide, wrapped, write};
use crate::domain::assertion::{Health, Lifecycle, OccurrenceState};
use crate::report::form::{Field, Form, Row};
use crate::report::labels::{Labels, Language};
use crate::report::table::Cell;
use crate::report::text::field;
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
    /// In which language its headings are.
    pub const LANGUAGE: &str = "language";
}

/// How it is filled in: each under a heading, `<id>`, and told by `<id>-says`.
const HOW: [&str; 8] = [
    "sheet-how",
    "sheet-word",
    "sheet-day",
    "sheet-time",
    "sheet-sentence",
    "sheet-dates",
    "sheet-rows",
    "sheet-without",
];

/// The form as the bytes of a workbook; the same head gives the same bytes.
///
/// # Errors
/// [`XlsxError`], where there are more actions than a sheet has rows (1,048,576).
pub fn of(form: &Form, labels: &Labels) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_timestamp(form.recorded.timestamp());
    let made = made.or_else(|_| ExcelDateTime::from_ymd(1970, 1, 1))?;
    workbook.set_properties(&properties(&form.title, &form.command, &made));
    about(workbook.add_worksheet(), form, labels)?;
    sheet(workbook.add_worksheet(), form, labels)?;
    workbook.save_to_buffer()
}

fn about(sheet: &mut Worksheet, form: &Form, labels: &Labels) -> Result<(), XlsxError> {
    let reading = &form.reading;
    let mut rows = vec![
        (key::LEDGER.to_owned(), reading.origin.clone()),
        (key::PARTY.to_owned(), form.party.to_string()),
        (key::ENTRIES.to_owned(), reading.head.size.to_string()),
        (key::HEAD.to_owned(), reading.head.leaf.to_string()),
        (key::LANGUAGE.to_owned(), labels.language().to_string()),
        (labels.say("sheet-reading"), labels.reading(reading)),
        (labels.say("sheet-made-with"), form.command.clone()),
    ];
    rows.extend(form.institution.iter().map(|body| (labels.say("sheet-institution"), body.to_string())));
    rows.extend(HOW.map(|id| (labels.say(id), labels.say(&format!("{id}-says")))));
    if labels.language() != Language::En {
        rows.push((labels.say("sheet-words"), glossary(labels)));
    }
    keyed(sheet, ABOUT, &form.title, &rows)?;
    pages(sheet, (&form.command, reading), labels);
    sheet.protect();
    Ok(())
}

/// The words that are filled in, which are the same in every language, and what each means in that of the sheet.
fn glossary(labels: &Labels) -> String {
    let words = lifecycles().chain(healths()).chain(occurrences());
    let lines: Vec<String> = words.map(|word| format!("{word}: {}", labels.word(word))).collect();
    lines.join("\n")
}

fn lifecycles() -> impl Iterator<Item = &'static str> {
    Lifecycle::ALL.iter().filter(|word| word.is_a_partys_word()).map(|word| word.as_str())
}

fn healths() -> impl Iterator<Item = &'static str> {
    Health::ALL.iter().map(|word| word.as_str())
}

fn occurrences() -> impl Iterator<Item = &'static str> {
    OccurrenceState::ALL.iter().map(|word| word.as_str())
}

fn sheet(sheet: &mut Worksheet, form: &Form, labels: &Labels) -> Result<(), XlsxError> {
    sheet.set_name(RETURN)?;
    let heading = heading();
    let (text, day) = (wrapped(), wrapped().set_num_format("yyyy-mm-dd"));
    // As text, so that a month stays a month, and a year is no day of 1905.
    let open = wrapped().set_unlocked().set_num_format("@").set_background_color(0x00FF_F8DC);
    let open = open.set_border(FormatBorder::Hair);
    for (at, column) in (0_u16..).zip(&form.columns) {
        sheet.write_with_format(0, at, column.heading.as_str(), &heading)?;
        let cells = form.rows.iter().filter_map(|row| row.cells.get(usize::from(at)));
        let width =
            cells.map(|cell| field(cell).chars().count()).chain([column.heading.chars().count()]).max();
        sheet.set_column_width(at, column.field.map_or_else(|| wide(width.unwrap_or_default()), room))?;
        validate(sheet, at, column.field, &form.rows, labels)?;
    }
    for (at, row) in (1_u32..).zip(&form.rows) {
        for (place, (column, cell)) in (0_u16..).zip(form.columns.iter().zip(&row.cells)) {
            match (column.field, cell) {
                (None, _) => {
                    write(sheet, (at, place), cell, (&text, column.holds_days.then_some(&day)), labels)?;
                }
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
    laid_out(sheet, (form.rows.len(), form.columns.len()), (&form.command, &form.reading), labels)
}

/// How wide a column is in which something is said.
const fn room(field: Field) -> u16 {
    match field {
        Field::Note => WIDEST,
        _ => 14,
    }
}

/// Says what may stand in the cells of a column.
fn validate(
    sheet: &mut Worksheet,
    column: u16,
    field: Option<Field>,
    rows: &[Row],
    labels: &Labels,
) -> Result<(), XlsxError> {
    let rule = field.map(|field| rule(field, labels)).transpose()?.flatten();
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

fn rule(field: Field, labels: &Labels) -> Result<Option<DataValidation>, XlsxError> {
    let list = |words: Vec<&str>| {
        let listed = DataValidation::new().allow_list_strings(&words)?;
        let (title, message) = (labels.say("sheet-wrong-word"), labels.say("sheet-choose"));
        listed.set_error_title(title)?.set_error_message(message)
    };
    let typed = |id: &str| {
        let (title, message) = (labels.say(id), labels.say(&format!("{id}-says")));
        DataValidation::new().allow_any_value().set_input_title(title)?.set_input_message(message)
    };
    match field {
        Field::Lifecycle => list(lifecycles().collect()),
        Field::Health => list(healths().collect()),
        Field::Occurrence => list(occurrences().collect()),
        Field::Since => typed("sheet-since-when"),
        Field::Date => typed("sheet-which-date"),
        Field::Window | Field::Note => return Ok(None),
    }
    .map(Some)
}
