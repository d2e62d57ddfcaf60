//! A document as a file, in the dialect that its name asks for: what the commands have in common that write one.

use super::failure::{Failure, file};
use super::files;
use super::output::{self, Standing};
use super::settings::Settings;
use super::{again, print, words};
use annals::domain::value::nearest;
use annals::exchange::outgoing::Readers;
use annals::exchange::page::{self, WriteError};
use annals::ledger::Ledger;
use annals::report::document::{Document, Section};
use annals::report::html;
use annals::report::labels::{Labels, Language};
use annals::report::{csv, json as dialect, markdown, xlsx};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Into which file a document is written, and how.
#[derive(Args)]
pub(crate) struct Edition {
    /// Into this file, which must not exist: its name ends with .html, .pdf, .xlsx, .md, .json or .csv
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// In which language: en, da or ko
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = words::language())]
    lang: Language,
    /// Only this one of its tables
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
    /// With a byte order mark, by which a spreadsheet knows that a CSV is in UTF-8
    #[arg(long)]
    bom: bool,
    /// The browser that prints a PDF [default: the first of chromium, google-chrome and chrome that is found]
    #[arg(long, env = "ANNALS_CHROMIUM", value_name = "PROGRAM")]
    chromium: Option<PathBuf>,
}

/// The dialects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Html,
    Pdf,
    Xlsx,
    Markdown,
    Json,
    Csv,
}

impl Dialect {
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Ok(Self::Html),
            Some("pdf") => Ok(Self::Pdf),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("md") => Ok(Self::Markdown),
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Failure::usage(format!(
                "{}: a name that ends with .html, .pdf, .xlsx, .md, .json or .csv is expected",
                path.display()
            ))),
        }
    }

    /// Whether it is read page by page, and not taken on by a program.
    pub(crate) const fn is_read(self) -> bool {
        matches!(self, Self::Html | Self::Pdf | Self::Markdown)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Markdown => "markdown",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

impl Edition {
    /// In which dialect, where it can be written.
    pub(crate) fn dialect(&self) -> Result<Dialect, Failure> {
        let dialect = Dialect::of(&self.output)?;
        if self.bom && dialect != Dialect::Csv {
            return Err(Failure::usage("--bom is for .csv".to_owned()));
        }
        files::can_be_made(&self.output)?;
        Ok(dialect)
    }

    pub(crate) fn labels(&self) -> Labels {
        Labels::of(self.lang)
    }

    /// How it is made again, into a file of the same name.
    pub(crate) fn again(&self, what: &str, options: Vec<(&'static str, String)>) -> String {
        let name = self.output.file_name().map_or_else(|| "FILE".into(), |name| name.to_string_lossy());
        let language = again::unless(Language::En.as_str(), ("--lang", self.lang));
        let section = self.section.clone().map(|section| ("--section", section));
        let own = [("-o", name.into_owned())].into_iter().chain(language).chain(section);
        again::command(what, options.into_iter().chain(own)) + if self.bom { " --bom" } else { "" }
    }

    /// Whether this table alone is asked for.
    pub(crate) fn is_of(&self, section: &str) -> bool {
        self.section.as_deref() == Some(section)
    }

    /// Those of the tables that are asked for.
    pub(crate) fn sections(&self, mut sections: Vec<Section>) -> Result<Vec<Section>, Failure> {
        if let Some(wanted) = &self.section {
            let all: Vec<&str> = sections.iter().map(|section| section.name).collect();
            if !all.contains(&wanted.as_str()) {
                let hint = nearest(wanted, all.iter().copied());
                return Err(Failure::usage(format!(
                    "there is no section {wanted}{hint}: {}",
                    all.join(", ")
                )));
            }
            sections.retain(|section| section.name == wanted);
        }
        Ok(sections)
    }

    /// Writes it, and answers with what it is and with the members that say of what.
    pub(crate) fn write(
        &self,
        ledger: &Ledger,
        document: &Document,
        (kind, of): (&str, Value),
        settings: &Settings,
    ) -> Result<(), Failure> {
        let (dialect, labels) = (self.dialect()?, self.labels());
        match dialect {
            Dialect::Html => files::write_by(&self.output, Readers::Usual, |out| {
                page::write(ledger, document, &labels, out).map_err(|error| match error {
                    WriteError::Prove(error) => error.into(),
                    WriteError::Ledger(error) => error.into(),
                    WriteError::Write(error) => file(&self.output, "written")(error),
                })
            })?,
            Dialect::Pdf => {
                let page = html::of(document, &labels, None);
                let page = [page.head, page.tail].concat();
                print::pdf(self.chromium.as_deref(), &page, &self.output)?;
            }
            Dialect::Xlsx => {
                let bytes = xlsx::of(document, &labels)
                    .map_err(|error| Failure::usage(format!("no workbook can be made: {error}")))?;
                files::write(&self.output, &bytes)?;
            }
            Dialect::Markdown => files::write(&self.output, markdown::of(document, &labels).as_bytes())?,
            Dialect::Json => {
                files::write(&self.output, format!("{}\n", dialect::document(document)).as_bytes())?;
            }
            Dialect::Csv => files::write(&self.output, &self.rows(document)?)?,
        }
        let bytes = self.output.metadata().map_err(file(&self.output, "read"))?.len();
        let text = format!("{} written to {}", document.title, self.output.display());
        let mut members = json!({
            "file": output::path(&self.output), "dialect": dialect.as_str(), "language": self.lang, "bytes": bytes,
        });
        if let (Some(members), Value::Object(of)) = (members.as_object_mut(), of) {
            members.extend(of);
        }
        output::answer(kind, &text, members, &Standing::of(ledger), settings.format)
    }

    /// One table as CSV.
    fn rows(&self, document: &Document) -> Result<Vec<u8>, Failure> {
        let [section] = document.sections.as_slice() else {
            let names: Vec<&str> = document.sections.iter().map(|section| section.name).collect();
            return Err(Failure::usage(format!(
                "a CSV has one table: give --section, one of {}",
                names.join(", ")
            )));
        };
        let rows = csv::of(&section.report).map_err(|error| Failure::Answer(error.into()))?;
        Ok(if self.bom { [b"\xEF\xBB\xBF".as_slice(), &rows].concat() } else { rows })
    }
}
