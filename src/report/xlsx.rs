//! A document as a workbook (Office Open XML): a sheet for each table, with typed dates and numbers, frozen headings and filters.
//! A sheet that comes back is in [`form`].

pub mod form;

use super::document::{Document, Section};
use super::labels::Labels;
use super::table::Cell;
use crate::domain::assertion::is_decimal;
use crate::projection::reading::Reading;
use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

/// The name of the first sheet of a workbook that comes back.
pub const ABOUT: &str = "About";
/// The widest column, in characters.
const WIDEST: u16 = 60;
/// How many digits of a number a workbook keeps.
const DIGITS: usize = 15;
/// The longest text of a cell, in units of UTF-16 (Office Open XML).
const TEXT_LIMIT: usize = 32_767;
/// How many characters fit into a margin of a printed page, where 255 are allowed with the instructions among them.
const MARGIN_LIMIT: usize = 235;

/// The document as the bytes of a workbook.
///
/// # Errors
/// [`XlsxError`], where a sheet has more rows than one can have (1,048,576).
pub fn of(document: &Document, labels: &Labels) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = document.sections.first().map(|section| section.report.reading.today);
    let made = made.and_then(date).map_or_else(|| ExcelDateTime::from_ymd(1970, 1, 1), Ok)?;
    workbook.set_properties(&properties(&document.title, &document.command, &made));
    about(workbook.add_worksheet(), document, labels)?;
    for section in &document.sections {
        sheet(workbook.add_worksheet(), &document.command, section, labels)?;
    }
    workbook.save_to_buffer()
}

/// What the workbook says of itself; it was made when its reading says, so that the same head gives the same bytes.
fn properties(title: &str, command: &str, made: &ExcelDateTime) -> DocProperties {
    let properties = DocProperties::new().set_title(title).set_author("annals");
    properties.set_comment(command).set_creation_datetime(made)
}

/// The first sheet: what this is, from which reading, and how it is made again.
fn about(sheet: &mut Worksheet, document: &Document, labels: &Labels) -> Result<(), XlsxError> {
    let mut rows = vec![(labels.say("page-again"), document.command.clone())];
    if document.is_illustrative() {
        rows.push((labels.word("illustrative"), labels.say("page-illustrative")));
    }
    rows.extend(document.facts().map(|fact| (labels.fact(&fact.key), labels.items(&fact.cell).join("\n"))));
    if let Some(section) = document.sections.first() {
        let before = section.report.before.iter();
        rows.extend(before.map(|before| (labels.say("page-reading-before"), labels.reading(before))));
        rows.push((labels.say("page-reading"), labels.reading(&section.report.reading)));
        pages(sheet, (&document.command, &section.report.reading), labels);
    }
    let told = |section: &Section| {
        let more = section.more.iter().map(|more| labels.phrase(more));
        (
            section.heading(labels),
            [section.about(labels)].into_iter().chain(more).collect::<Vec<_>>().join("\n"),
        )
    };
    rows.extend(document.sections.iter().map(told));
    keyed(sheet, &labels.say("page-about"), &document.title, &rows)
}

/// A sheet of values under their keys, with a title.
fn keyed(sheet: &mut Worksheet, name: &str, title: &str, rows: &[(String, String)]) -> Result<(), XlsxError> {
    let (bold, wrapped) = (Format::new().set_bold(), wrapped());
    sheet.set_name(name)?.set_column_width(0, 24)?.set_column_width(1, 90)?;
    sheet.write_with_format(0, 0, cut(title), &Format::new().set_bold().set_font_size(14))?;
    for (at, (key, value)) in (2_u32..).zip(rows) {
        sheet.write_with_format(at, 0, key.as_str(), &bold)?;
        sheet.write_with_format(at, 1, cut(value), &wrapped)?;
    }
    Ok(())
}

fn wrapped() -> Format {
    Format::new().set_text_wrap().set_align(FormatAlign::Top)
}

fn sheet(sheet: &mut Worksheet, command: &str, section: &Section, labels: &Labels) -> Result<(), XlsxError> {
    let report = &section.report;
    sheet.set_name(section.heading(labels))?;
    let heading = heading();
    let (text, day) = (wrapped(), wrapped().set_num_format("yyyy-mm-dd"));
    for (column, each) in (0_u16..).zip(&report.columns) {
        let name = labels.heading(each, &report.reading.parties);
        sheet.write_with_format(0, column, name.as_str(), &heading)?;
        let cells = report.rows.iter().filter_map(|row| row.get(usize::from(column)));
        let width = cells.map(|cell| labels.cell(cell).chars().count()).chain([name.chars().count()]).max();
        sheet.set_column_width(column, wide(width.unwrap_or_default()))?;
        if !each.shown {
            sheet.set_column_hidden(column)?;
        }
    }
    for (row, cells) in (1_u32..).zip(&report.rows) {
        for ((column, cell), of) in (0_u16..).zip(cells).zip(&report.columns) {
            let day = of.holds_days().then_some(&day);
            write(sheet, (row, column), cell, (&text, day), labels)?;
        }
    }
    laid_out(sheet, (report.rows.len(), report.columns.len()), (command, &report.reading), labels)
}

fn heading() -> Format {
    Format::new().set_bold().set_text_wrap().set_background_color(0x00E7_E6E6)
}

/// How wide a column of so many characters is.
fn wide(characters: usize) -> u16 {
    u16::try_from(characters).unwrap_or(WIDEST).clamp(8, WIDEST) + 2
}

/// Headings that stay where they are, filters, and pages.
fn laid_out(
    sheet: &mut Worksheet,
    (rows, columns): (usize, usize),
    made: (&str, &Reading),
    labels: &Labels,
) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 1)?;
    if let (Ok(row @ 1..), Ok(column)) = (u32::try_from(rows), u16::try_from(columns.saturating_sub(1))) {
        sheet.autofilter(0, 0, row, column)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    pages(sheet, made, labels);
    Ok(())
}

/// A cell with its type: a day is a date in a column of days, and what is a number is one.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (text, day): (&Format, Option<&Format>),
    labels: &Labels,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Number(number) | Cell::Share(number, _) => {
            #[expect(clippy::cast_precision_loss, reason = "a sequence is below 2^53")]
            let number = *number as f64;
            sheet.write_number_with_format(row, column, number, text)?;
        }
        Cell::Decimal(words) => match exact(words) {
            Some(number) => {
                sheet.write_number_with_format(row, column, number, text)?;
            }
            None => {
                sheet.write_string_with_format(row, column, cut(words), text)?;
            }
        },
        Cell::Flag(flag) => {
            sheet.write_boolean_with_format(row, column, *flag, text)?;
        }
        Cell::Text(words) => {
            let date = day.zip(words.parse().ok().filter(|_| words.len() == 10).and_then(date));
            if let Some((day, date)) = date {
                sheet.write_datetime_with_format(row, column, &date, day)?;
            } else {
                sheet.write_string_with_format(row, column, cut(words), text)?;
            }
        }
        Cell::Word(..)
        | Cell::Phrase(_)
        | Cell::Phrases(_)
        | Cell::List(_)
        | Cell::Records(_)
        | Cell::Withheld
        | Cell::Erased(_)
        | Cell::Disputed => {
            sheet.write_string_with_format(row, column, cut(&labels.cell(cell)), text)?;
        }
    }
    Ok(())
}

/// What is read of a cell as it was written here in a language, without the spaces around it.
#[must_use]
pub fn written(cell: &Cell, labels: &Labels) -> String {
    match cell {
        Cell::Empty => String::new(),
        other => cut(&labels.cell(other)).trim().to_owned(),
    }
}

/// What is on every page that is printed: how it is made again, and the reading.
fn pages(sheet: &mut Worksheet, (command, reading): (&str, &Reading), labels: &Labels) {
    sheet.set_header(format!("&L&8 {}", margin(command)));
    sheet.set_footer(format!("&L&8 {}&R&P / &N", margin(&labels.reading(reading))));
}

/// What fits into a margin, of which nothing is an instruction.
fn margin(text: &str) -> String {
    let text = text.replace('&', "&&");
    if text.chars().count() <= MARGIN_LIMIT {
        return text;
    }
    let cut: String = text.chars().take(MARGIN_LIMIT - 1).collect();
    format!("{}…", cut.trim_end_matches('&'))
}

/// A day, where the calendar of workbooks has it (from 1900 on).
fn date(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|year| *year >= 1900)?;
    ExcelDateTime::from_ymd(year, u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?).ok()
}

/// A decimal number, where a workbook has all its digits but for zeros at either end.
fn exact(words: &str) -> Option<f64> {
    let digits = words.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    words.parse().ok().filter(|_| is_decimal(words) && digits <= DIGITS)
}

/// What fits into a cell.
fn cut(text: &str) -> String {
    let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    if text.len() <= TEXT_LIMIT || units(text) <= TEXT_LIMIT {
        return text.to_owned();
    }
    let mut left = TEXT_LIMIT - 1;
    let fits = |character: &char| {
        let units = character.len_utf16();
        left.checked_sub(units).inspect(|rest| left = *rest).is_some()
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::document::Layout;
    use super::super::labels::Language;
    use super::super::table::{Column, Report};
    use super::*;
    use crate::record::state::State;
    use calamine::{Data, Reader, Xlsx};
    use std::io::Cursor;

    #[test]
    fn the_longest_text_fits_into_a_cell_and_a_title_whatever_its_characters() {
        for character in ["x", "…", "한", "𝄞"] {
            let text = character.repeat(crate::domain::value::TEXT_LIMIT);
            let mut workbook = Workbook::new();
            let rows = [("key".to_owned(), text.clone())];
            keyed(workbook.add_worksheet(), "about", &text, &rows).unwrap();
            workbook.save_to_buffer().unwrap();
            let cut = cut(&text);
            let units = cut.encode_utf16().count();
            assert!(
                cut.ends_with('…') && (TEXT_LIMIT - 1..=TEXT_LIMIT).contains(&units),
                "{character}: {units}"
            );
        }
        assert_eq!(cut(&"x".repeat(TEXT_LIMIT)), "x".repeat(TEXT_LIMIT));
    }

    #[test]
    fn a_day_is_a_date_in_a_column_of_days_and_a_text_that_looks_like_one_stays_a_text() {
        let words = || Cell::text("2024-06-30");
        let report = Report {
            kind: "status",
            reading: Reading::of(&State::default(), None, None, None),
            before: None,
            facts: Vec::new(),
            columns: ["reason", "effective", "KR_recorded"].map(|key| Column::new(key, key)).into(),
            rows: vec![vec![words(), words(), words()]],
        };
        let document = Document {
            title: "2024-06-30".to_owned(),
            language: None,
            command: String::new(),
            size: 0,
            facts: Vec::new(),
            sections: vec![Section::new("status", report)],
            layout: Layout::Page,
        };
        let bytes = of(&document, &Labels::of(Language::En)).unwrap();
        let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let sheet = workbook.worksheet_range("Status").unwrap();
        let row = sheet.rows().nth(1).unwrap();
        assert!(matches!(row, [Data::String(_), Data::DateTime(_), Data::DateTime(_)]), "{row:?}");
    }

    #[test]
    fn a_decimal_number_is_one_as_long_as_no_digit_is_lost() {
        assert_eq!(exact("-12.5"), Some(-12.5));
        assert_eq!(exact("123456789012345"), Some(123_456_789_012_345.0));
        assert_eq!(exact("1234567890123456"), None);
        assert_eq!(exact("0.123456789012345"), Some(0.123_456_789_012_345));
        for other in ["=1+1", "inf", "1e5", "+1", ""] {
            assert_eq!(exact(other), None, "{other}");
        }
    }

    #[test]
    fn a_margin_has_what_fits_and_instructs_nobody() {
        assert_eq!(margin("a & b"), "a && b");
        for long in ["&".repeat(300), "a".repeat(MARGIN_LIMIT - 2) + "&b"] {
            let cut = margin(&long);
            assert!(cut.chars().count() <= MARGIN_LIMIT && cut.ends_with('…'), "{cut}");
            let before = cut.trim_end_matches('…');
            assert_eq!((before.len() - before.trim_end_matches('&').len()) % 2, 0, "{cut}");
        }
    }
}
