//! The cells of a workbook, as somebody's office program has saved it. Nobody trusts it: it is read within limits, a cell at a time,
//! and no formula is computed.

use crate::exchange::layout::limited;
use crate::report::labels::Language;
use crate::report::xlsx::ABOUT;
use crate::report::xlsx::form::{RETURN, key};
use crate::trail::entry::{parse_timestamp, timestamp};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::thread;
use zip::ZipArchive;

/// The largest file, in bytes (8 MB).
pub const FILE_LIMIT: u64 = 8 << 20;
/// The most bytes that it may unpack to (32 MB): those of its parts together.
pub const UNPACKED_LIMIT: u64 = 32 << 20;
/// The most rows.
pub const ROW_LIMIT: u32 = 10_000;
/// The most columns.
pub const COLUMN_LIMIT: u32 = 256;
/// The most parts in the archive.
const PART_LIMIT: usize = 1000;

/// The name of the thread in which a workbook is read. A panic there is an answer like another, which a program that shows panics
/// to its users may pass over.
pub const THREAD: &str = "workbook";

/// Why a file is no workbook that can be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// Too long.
    #[error(
        "it has more than {FILE_LIMIT} bytes, and a return sheet does not: take out what does not belong to it"
    )]
    Long,
    /// Not a ZIP.
    #[error("it is not a workbook: save it as .xlsx, without a password ({0})")]
    Zip(String),
    /// A part that two readers may read as two things.
    #[error("it is not a workbook that an office program saved: a part of it comes twice")]
    Twice,
    /// A bomb.
    #[error(
        "it unpacks to more than {UNPACKED_LIMIT} bytes, as parts or as what its cells say, or to more than {PART_LIMIT} parts, and a return sheet does not: take out what does not \
         belong to it"
    )]
    Unpacked,
    /// A part that says it holds more than it can.
    #[error("it is not a workbook that an office program saved: the part `{0}` is not what it says")]
    Part(String),
    /// No such sheet.
    #[error("it has no sheet `{0}`: take the workbook that `annals sheet out` made")]
    Sheet(&'static str),
    /// Too wide or long.
    #[error("{0} lies beyond {ROW_LIMIT} rows or {COLUMN_LIMIT} columns: delete what stands there")]
    Far(CellAddress),
    /// Two values in one place.
    #[error("it is not a workbook that an office program saved: {0} comes twice")]
    Again(CellAddress),
    /// Not as its format has it.
    #[error("it cannot be read as a workbook: save it as .xlsx again ({0})")]
    Form(String),
}

/// Where a cell is, as office programs write it: `Return!E17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellAddress {
    /// The name of its sheet.
    pub sheet: &'static str,
    /// Its row, from 0.
    pub row: u32,
    /// Its column, from 0.
    pub column: u32,
}

impl fmt::Display for CellAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A to Z, then AA to ZZ: digits from 1 to 26.
        let mut letters = Vec::new();
        let mut left = self.column + 1;
        while left > 0 {
            let digit = u8::try_from((left - 1) % 26).unwrap_or_default();
            letters.push(char::from(b'A' + digit));
            left = (left - 1) / 26;
        }
        let letters: String = letters.into_iter().rev().collect();
        write!(f, "{}!{letters}{}", self.sheet, u64::from(self.row) + 1)
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Words, without the spaces around them.
    Text(String),
    /// A number.
    Number(f64),
    /// A day, as a date of the office program.
    Day(NaiveDate),
    /// Something else, by name.
    Other(&'static str),
}

impl Value {
    /// As it is written.
    #[must_use]
    pub fn written(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Day(day) => Some(day.to_string()),
            Self::Other(_) => None,
        }
    }
}

/// A workbook that is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workbook {
    /// What the sheet `About` says, by key.
    pub about: BTreeMap<String, String>,
    /// The cells of the sheet `Return` that are not empty, by row and column from 0.
    pub cells: BTreeMap<(u32, u32), Value>,
    /// When it says that it was saved last.
    pub saved: Option<DateTime<Utc>>,
}

impl Workbook {
    /// Reads the bytes of a workbook (XLSX).
    ///
    /// # Errors
    /// [`WorkbookError`], for whatever bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, WorkbookError> {
        if bytes.len() as u64 > FILE_LIMIT {
            return Err(WorkbookError::Long);
        }
        let saved = unpack(bytes)?;
        // The reader is somebody else's, and the bytes are anybody's.
        let read = thread::scope(|scope| {
            let reader = thread::Builder::new().name(THREAD.to_owned());
            reader.spawn_scoped(scope, || cells(bytes)).map(thread::ScopedJoinHandle::join)
        });
        let broken = |what: String| WorkbookError::Form(what);
        let (about, cells) = read
            .map_err(|error| broken(error.to_string()))?
            .map_err(|_| broken("its reader gave up".to_owned()))??;
        Ok(Self { about, cells, saved })
    }

    /// In which language its headings are: a sheet that was made before there were others says none.
    ///
    /// # Errors
    /// What it says, where there is no such language.
    pub fn language(&self) -> Result<Language, String> {
        let said = self.about.get(key::LANGUAGE).map_or(Language::En.as_str(), String::as_str);
        let known = Language::ALL.iter().copied().find(|language| language.as_str() == said);
        known.ok_or_else(|| shown(said))
    }
}

/// Unpacks every part once, within the limits, and keeps nothing but when the workbook was saved.
fn unpack(bytes: &[u8]) -> Result<Option<DateTime<Utc>>, WorkbookError> {
    let broken = |error: &dyn fmt::Display| WorkbookError::Zip(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > PART_LIMIT {
        return Err(WorkbookError::Unpacked);
    }
    if archive.has_duplicate_names() {
        return Err(WorkbookError::Twice);
    }
    let (mut left, mut saved, mut names) = (UNPACKED_LIMIT, None, HashSet::new());
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let name = part.name().map_err(|error| broken(&error))?.into_owned();
        // Office programs do not tell capitals apart here.
        if !names.insert(name.to_lowercase()) {
            return Err(WorkbookError::Twice);
        }
        let part = limited(part, left).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => WorkbookError::Unpacked,
            _ => broken(&error),
        })?;
        left -= part.len() as u64;
        if name.to_lowercase().ends_with(".xml") && !holds_what_it_says(&part) {
            return Err(WorkbookError::Part(shown(&name)));
        }
        if name == "docProps/core.xml" {
            saved = modified(&part);
        }
    }
    Ok(saved)
}

/// Whether a part that says how many texts it has could have as many: the reader makes room for them before it reads one.
fn holds_what_it_says(part: &[u8]) -> bool {
    const COUNT: &[u8] = b"uniqueCount";
    let mut rest = part;
    while let Some(at) = rest.windows(COUNT.len()).position(|word| word == COUNT) {
        rest = rest.get(at + COUNT.len()..).unwrap_or_default();
        let digits = rest.iter().skip_while(|byte| b" \t\r\n=\"'".contains(*byte));
        let count = digits.take_while(|byte| byte.is_ascii_digit());
        let count =
            count.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        if count > part.len() as u64 {
            return false;
        }
    }
    // In UTF-16 the word would be hidden.
    !part.contains(&0)
}

/// When the properties of the workbook say that it was saved, to the millisecond.
fn modified(part: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(part).ok()?;
    let (_, rest) = text.split_once("<dcterms:modified")?;
    let (value, _) = rest.split_once('>')?.1.split_once('<')?;
    let instant = DateTime::parse_from_rfc3339(value.trim()).ok()?.to_utc().trunc_subsecs(3);
    // In a form in which it can be signed.
    parse_timestamp(timestamp(instant))
}

type Cells = BTreeMap<(u32, u32), Value>;

fn cells(bytes: &[u8]) -> Result<(BTreeMap<String, String>, Cells), WorkbookError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| form(&error))?;
    let mut keyed = BTreeMap::new();
    let about = sheet(&mut workbook, ABOUT)?;
    for ((row, column), value) in &about {
        let said = about.get(&(*row, 1)).and_then(Value::written);
        if let (0, Some(key), Some(said)) = (column, value.written(), said) {
            keyed.entry(key).or_insert(said);
        }
    }
    Ok((keyed, sheet(&mut workbook, RETURN)?))
}

/// The cells of a sheet that are not empty.
fn sheet<R: Read + Seek>(workbook: &mut Xlsx<R>, name: &'static str) -> Result<Cells, WorkbookError> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| match error {
        XlsxError::WorksheetNotFound(_) => WorkbookError::Sheet(name),
        other => form(&other),
    })?;
    let (mut cells, mut room) = (Cells::new(), UNPACKED_LIMIT);
    // One after the other: a sheet of two cells at its ends would be a table of 17 billion.
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(|error| form(&error))? {
        let (row, column) = cell.pos;
        // A text that many cells share is unpacked once, and read for each of them.
        room = room.checked_sub(length(&cell.value)).ok_or(WorkbookError::Unpacked)?;
        let place = CellAddress { sheet: name, row, column };
        let value = match (cell.formula, cell.value) {
            (Some(_), _) => Some(Value::Other(FORMULA)),
            (None, value) => of(&value),
        };
        let Some(value) = value else { continue };
        if row >= ROW_LIMIT || column >= COLUMN_LIMIT {
            return Err(WorkbookError::Far(place));
        }
        if cells.insert((row, column), value).is_some() {
            return Err(WorkbookError::Again(place));
        }
    }
    Ok(cells)
}

/// How many bytes of text a cell has.
const fn length(value: &DataRef<'_>) -> u64 {
    match value {
        DataRef::String(words) => words.len() as u64,
        DataRef::SharedString(words) => words.len() as u64,
        _ => 0,
    }
}

/// What a formula is called.
pub const FORMULA: &str = "a formula";

fn of(value: &DataRef<'_>) -> Option<Value> {
    let text = |text: &str| {
        // Office programs differ in how they end a line within a cell.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        Some(text.trim().to_owned()).filter(|text| !text.is_empty()).map(Value::Text)
    };
    match value {
        DataRef::Empty => None,
        DataRef::String(words) => text(words),
        DataRef::SharedString(words) => text(words),
        DataRef::Int(number) => text(&number.to_string()),
        DataRef::Float(number) => Some(Value::Number(*number)),
        DataRef::Bool(_) => Some(Value::Other("a yes or no")),
        DataRef::Error(_) => Some(Value::Other("an error")),
        DataRef::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            let day = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
            let midnight = (hour, minute, second, milli) == (0, 0, 0, 0);
            Some(day.filter(|_| midnight).map_or(Value::Other("a time of the day"), Value::Day))
        }
        DataRef::DurationIso(_) | DataRef::DateTime(_) => Some(Value::Other("a duration")),
        DataRef::DateTimeIso(time) => {
            let day = time.strip_suffix("T00:00:00").unwrap_or(time).parse().ok();
            Some(day.map_or(Value::Other("a time of the day"), Value::Day))
        }
    }
}

fn form(error: &XlsxError) -> WorkbookError {
    WorkbookError::Form(shown(&error.to_string()))
}

/// What a file from elsewhere says, on one line and of a bounded length.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(120).collect()
}
