//! A workbook, changed as an office program would: cell by cell in its XML, by other code than the program's.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const RETURN: &str = "xl/worksheets/sheet2.xml";
const ABOUT: &str = "xl/worksheets/sheet1.xml";
const CORE: &str = "docProps/core.xml";

#[derive(Clone)]
pub(crate) struct Book {
    pub(crate) parts: Vec<(String, String)>,
}

impl Book {
    pub(crate) fn open(path: &Path) -> Self {
        let mut archive = ZipArchive::new(File::open(path).unwrap()).unwrap();
        let part = |at| {
            let mut part = archive.by_index(at).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            (part.name().unwrap().into_owned(), text)
        };
        let count = ZipArchive::new(File::open(path).unwrap()).unwrap().len();
        Self { parts: (0..count).map(part).collect() }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in &self.parts {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// Saves it, at a time.
    pub(crate) fn save(&self, path: &Path, time: &str) {
        let mut book = self.clone();
        book.edit(CORE, |core| {
            let (before, rest) = core.split_once("<dcterms:modified").unwrap();
            let (_, after) = rest.split_once("</dcterms:modified>").unwrap();
            let kind = "xsi:type=\"dcterms:W3CDTF\"";
            format!("{before}<dcterms:modified {kind}>{time}</dcterms:modified>{after}")
        });
        fs::write(path, book.bytes()).unwrap();
    }

    pub(crate) fn edit(&mut self, part: &str, change: impl Fn(&str) -> String) {
        let (_, text) = self.parts.iter_mut().find(|(name, _)| name == part).unwrap();
        *text = change(text);
    }

    /// The style of a cell.
    pub(crate) fn style(&self, cell: &str) -> String {
        let (_, text) = self.parts.iter().find(|(name, _)| name == RETURN).unwrap();
        let (_, rest) = text.split_once(&format!("<c r=\"{cell}\" s=\"")).expect(cell);
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// Puts a text into a cell.
    pub(crate) fn set(mut self, cell: &str, text: &str) -> Self {
        self.put(RETURN, cell, &format!("t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is>"));
        self
    }

    /// Puts something else into a cell: the attributes of its element, and what stands in it.
    pub(crate) fn raw(mut self, cell: &str, inside: &str) -> Self {
        self.put(RETURN, cell, inside);
        self
    }

    /// Puts another text where `About` has a value.
    pub(crate) fn about(mut self, cell: &str, text: &str) -> Self {
        self.put(ABOUT, cell, &format!("t=\"inlineStr\"><is><t>{text}</t></is>"));
        self
    }

    fn put(&mut self, part: &str, cell: &str, inside: &str) {
        let row = cell.trim_start_matches(|letter: char| letter.is_alphabetic()).to_owned();
        self.edit(part, |text| {
            let begin = format!("<c r=\"{cell}\"");
            if let Some((before, rest)) = text.split_once(&begin) {
                // With a value or without one.
                let (element, _) = rest.split_once('>').unwrap();
                let end = if element.ends_with('/') { "/>" } else { "</c>" };
                let after = rest.split_once(end).unwrap().1;
                return format!("{before}{begin} {inside}</c>{after}");
            }
            // A cell more, at the end of its row or in a new one.
            match text.split_once(&format!("<row r=\"{row}\"")) {
                Some((before, rest)) => {
                    let (own, after) = rest.split_once("</row>").unwrap();
                    format!("{before}<row r=\"{row}\"{own}{begin} {inside}</c></row>{after}")
                }
                None => text.replace(
                    "</sheetData>",
                    &format!("<row r=\"{row}\">{begin} {inside}</c></row></sheetData>"),
                ),
            }
        });
    }

    /// Deletes a row.
    pub(crate) fn without(mut self, row: u32) -> Self {
        self.edit(RETURN, |text| {
            let (before, rest) = text.split_once(&format!("<row r=\"{row}\"")).unwrap();
            format!("{before}{}", rest.split_once("</row>").unwrap().1)
        });
        self
    }
}
