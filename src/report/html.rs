//! A document as one page (HTML): for the screen, for paper, and without a network; it holds the entries that it rests on, and a program
//! that verifies them in the browser of whoever reads it.
//!
//! ```text
//! <main data-digest="…">   the words of the document; the digest is the SHA-256 of them without the marks
//! <section id="verification">   what is verified, filled by `verifier.js` and `page.js`
//! <pre id="checkpoint"> <pre id="consistency"> <pre id="entries">   what is verified, as it is: `&` and `<` escaped
//! ```
//!
//! The program of a page can be no better than the page: whoever forges the one can forge the other. It tells damage and a careless hand;
//! against a forger stands `annals verify` on the same entries, with a root or a checkpoint from elsewhere.

use super::document::{Document, Layout, Section};
use super::labels::Labels;
use super::table::{Cell, Column, Fact};
use crate::trail::hash::sha256;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

mod chart;

const STYLE: &str = include_str!("html/style.css");
const VERIFIER: &str = include_str!("html/verifier.js");
const PAGE: &str = include_str!("html/page.js");

/// Lines of a row that are kept together on a sheet, which has some fifty.
const LONG: usize = 12;

/// What a page holds for its reader to verify, beside the entries.
#[derive(Debug, Clone, Default)]
pub struct PageProof {
    /// A checkpoint with its signatures (C2SP signed-note).
    pub checkpoint: Option<String>,
    /// Where it has more entries than the page, that it continues these: RFC 6962 §2.1.2, in base64.
    pub consistency: Vec<String>,
}

/// A page in two halves: its entries, each escaped by [`escaped`], come between them.
#[derive(Debug, Clone)]
pub struct Page {
    /// What comes before the entries.
    pub head: String,
    /// What comes after them.
    pub tail: String,
}

/// An entry, or another text, as a page holds it.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// What [`escaped`] was given; a text with other references is left as it is.
#[must_use]
pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&amp;", "&")
}

/// The document as a page; without `proof` it is one for paper, with nothing in it to verify.
#[must_use]
pub fn of(document: &Document, labels: &Labels, proof: Option<&PageProof>) -> Page {
    let words = html! {
        (header(document, labels))
        @for section in &document.sections { (part(document, section, labels)) }
    }
    .into_string();
    let (style, scripts) = (STYLE.to_owned() + &paper(document, labels), [VERIFIER, PAGE].concat());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'",
        BASE64_STANDARD.encode(Sha256::digest(&style)),
        BASE64_STANDARD.encode(Sha256::digest(&scripts))
    );
    let metadata = html! {
        meta charset="utf-8";
        // The page asks nobody for anything, whatever stands in it.
        meta http-equiv="Content-Security-Policy" content=(policy);
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="generator" content=(concat!("annals ", env!("CARGO_PKG_VERSION")));
        title { (document.title) }
        style { (PreEscaped(&style)) }
    };
    let opened = html! {
        (DOCTYPE)
        (PreEscaped(format!("<html lang=\"{}\">\n<head>", labels.language())))
        (metadata)
        (PreEscaped("</head>\n<body>\n"))
        a class="skip" href="#content" { (labels.say("page-skip")) }
        (PreEscaped(format!("<main id=\"content\"{} data-digest=\"{}\">{words}</main>\n", layout(document), sha256(spoken(&words).as_bytes()))))
    };
    let Some(proof) = proof else {
        return Page { head: opened.into_string(), tail: "</body>\n</html>\n".to_owned() };
    };
    let checked = html! {
        (verification(labels))
        // A line break after the tag is not of the text (HTML §13.1.2.5), and each begins and ends with a line.
        @if let Some(checkpoint) = &proof.checkpoint {
            (PreEscaped("\n<pre id=\"checkpoint\" hidden>\n")) (PreEscaped(escaped(checkpoint))) (PreEscaped("</pre>"))
        }
        @if !proof.consistency.is_empty() {
            (PreEscaped("\n<pre id=\"consistency\" hidden>\n"))
            @for hash in &proof.consistency { (hash) (PreEscaped("\n")) }
            (PreEscaped("</pre>"))
        }
        (PreEscaped("\n<pre id=\"entries\" hidden>\n"))
    };
    let tail = html! {
        (PreEscaped("</pre>\n"))
        script type="application/json" id="words" { (PreEscaped(templates(labels))) }
        script { (PreEscaped(&scripts)) }
        (PreEscaped("\n</body>\n</html>\n"))
    };
    Page { head: opened.into_string() + &checked.into_string(), tail: tail.into_string() }
}

/// The mark of a document that stands on one page of paper.
const fn layout(document: &Document) -> &'static str {
    match document.layout {
        Layout::Chapters => "",
        Layout::Page => " class=\"page\"",
    }
}

/// The words with which the page tells what it verified, as JSON that no text in it can end.
fn templates(labels: &Labels) -> String {
    serde_json::json!(labels.templates("verify-")).to_string().replace('<', "\\u003c")
}

/// The text of some marks, as a reader of the page hears it: without tags, and with the four characters that were escaped.
fn spoken(marks: &str) -> String {
    let texts = marks.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let text: String = texts.collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn header(document: &Document, labels: &Labels) -> Markup {
    html! {
        header {
            h1 lang=[&document.language] dir="auto" { (document.title) }
            @if document.is_illustrative() { p class="illustrative" { (labels.say("page-illustrative")) } }
            dl {
                (facts(document.facts(), labels))
                div { dt { (labels.say("page-again")) } dd { code { (document.command) } } }
            }
        }
        nav aria-label=(labels.say("page-contents")) {
            ol { @for section in &document.sections { li { a href={ "#" (section.name) } { (section.heading(labels)) } } } }
        }
    }
}

fn facts<'a>(facts: impl Iterator<Item = &'a Fact>, labels: &Labels) -> Markup {
    html! {
        @for fact in facts { div {
            dt { (labels.fact(&fact.key)) }
            dd { @for (at, item) in labels.items(&fact.cell).iter().enumerate() { @if at > 0 { ", " } bdi { (item) } } }
        } }
    }
}

fn part(document: &Document, section: &Section, labels: &Labels) -> Markup {
    let report = &section.report;
    let parties = &report.reading.parties;
    html! {
        section id=(section.name) aria-labelledby={ (section.name) "-heading" } {
            h2 id={ (section.name) "-heading" } { (section.heading(labels)) }
            p class="about" { (section.about(labels)) }
            @if section.facts(document).next().is_some() { dl { (facts(section.facts(document), labels)) } }
            @if report.kind == "tally" { (chart::of(section, labels)) }
            @if report.rows.is_empty() {
                p { (labels.say("page-nothing")) }
            } @else {
                div class="table" tabindex="0" role="region" aria-labelledby={ (section.name) "-heading" } {
                    table {
                        thead { tr { @for (_, column) in section.columns() {
                            th scope="col" class=[kind(column)] { (labels.heading(column, parties)) }
                        } } }
                        tbody { @for row in &report.rows { tr class=[is_long(row).then_some("long")] {
                            @for (place, (at, column)) in section.columns().enumerate() {
                                @if let Some(cell) = row.get(at) {
                                    @if place == 0 { th scope="row" dir="auto" { (value(cell, labels)) } }
                                    @else { td class=[kind(column)] lang=[own(document, column)] dir="auto" { (value(cell, labels)) } }
                                }
                            }
                        } } }
                    }
                }
            }
            @if let Some(more) = &section.more { p class="more" { (labels.phrase(more)) } }
            @for reading in section.readings(labels) { p class="reading" { (reading) } }
        }
    }
}

/// Whether a row is too long to be kept on one sheet: others would be half empty for its sake.
fn is_long(row: &[Cell]) -> bool {
    row.iter().any(|cell| match cell {
        Cell::List(items) => items.len() > LONG,
        Cell::Phrases(phrases) => phrases.len() > LONG,
        Cell::Records(records) => records.len() > LONG,
        _ => false,
    })
}

/// Which columns are wide, which are numbers, and which are dates, that are not broken.
fn kind(column: &Column) -> Option<&'static str> {
    match column.key.as_str() {
        "reason" | "text" | "what" => Some("wide"),
        "decisions" | "title" | "windows" => Some("phrases"),
        "sequence" | "actions" | "line" | "first_value" | "value" => Some("number"),
        "effective" | "expires" | "first_effective" | "recorded_on" => Some("date"),
        _ => None,
    }
}

/// The language of the plan, in columns that have its own words.
fn own<'a>(document: &'a Document, column: &Column) -> Option<&'a str> {
    document.language.as_deref().filter(|_| matches!(column.key.as_str(), "text" | "title"))
}

/// A cell, whose items run from right to left where their script does; its words are their own colour only together with a glyph.
fn value(cell: &Cell, labels: &Labels) -> Markup {
    match cell {
        Cell::Word(glyph, word) if !glyph.is_empty() => html! {
            span class={ "word " (word) } { span class="glyph" aria-hidden="true" { (glyph) } " " (labels.word(word)) }
        },
        Cell::Phrases(_) | Cell::List(_) | Cell::Records(_) => {
            let items = labels.items(cell);
            html! { @for (at, item) in items.iter().enumerate() { @if at > 0 { br; } bdi { (item) } } }
        }
        other => html! { (labels.cell(other)) },
    }
}

fn verification(labels: &Labels) -> Markup {
    html! {
        section id="verification" aria-labelledby="verification-heading" {
            h2 id="verification-heading" { (labels.say("page-verification")) }
            p class="about" { (labels.say("page-verification-about")) }
            p { label for="root" { (labels.say("page-root")) } " " input id="root" size="64" maxlength="64" spellcheck="false" autocomplete="off"; " "
                button id="verify" type="button" { (labels.say("page-verify")) } }
            progress id="verifying" max="1" value="0" aria-label=(labels.say("page-verification")) {}
            p id="result" aria-live="polite" { (labels.say("page-unverified")) }
            div class="table" tabindex="0" role="region" aria-labelledby="verification-heading" {
                table { tbody id="checks" {} }
            }
            p class="about" { (labels.say("page-limits")) }
        }
    }
}

/// What is on every page of paper: what it is, how it is made again, and its reading.
fn paper(document: &Document, labels: &Labels) -> String {
    let Some(reading) = document.sections.first().map(|section| &section.report.reading) else {
        return String::new();
    };
    let (title, again) = (quoted(&document.title), quoted(&document.command));
    let head = format!("@top-left {{ content: {title} }} @top-right {{ content: {again} }}");
    let foot = |text: &str| format!("@bottom-left {{ content: {} }}", quoted(text));
    if document.layout == Layout::Page {
        let worth =
            if reading.illustrative { format!(" · {}", labels.word("illustrative")) } else { String::new() };
        let names = [("size", &*reading.head.size.to_string()), ("head", &*reading.head.leaf.to_string())];
        return format!("@page {{ {head} {} }}\n", foot(&(labels.naming("page-footer", names) + &worth)));
    }
    // Each chapter has its own reading below each of its pages; what stands before the first is of that, or a page would begin between.
    let chapter = |section: &Section| {
        let (name, foot) = (section.name, foot(&section.readings(labels).join("\n")));
        format!("@page {name} {{ {foot} }}\n#{name} {{ page: {name} }}\n")
    };
    let first = document.sections.first().map_or("auto", |section| section.name);
    let chapters: String = document.sections.iter().map(chapter).collect();
    format!("@page {{ {head} }}\nheader {{ page: {first} }}\n{chapters}")
}

/// A string of CSS that ends where it ends.
fn quoted(text: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\\' | '<' | '\n' => format!("\\{:x} ", u32::from(character)),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::phrase::Phrase;
    use super::*;

    #[test]
    fn what_is_heard_is_what_was_written() {
        let text = "a < b & \"c\" > 'd' &lt; 한글 æøå";
        let marks = html! { p class="x\">" { (text) b { "!" } } br; "end" }.into_string();
        assert_eq!(spoken(&marks), format!("{text}!end"));
    }

    #[test]
    fn a_row_is_kept_on_one_sheet_unless_it_is_long() {
        let row = |items| vec![Cell::Empty, Cell::List(vec!["2024-01".to_owned(); items])];
        assert!(!is_long(&row(LONG)) && is_long(&row(LONG + 1)) && !is_long(&[Cell::Number(100)]));
        let phrases = Cell::Phrases((0..=LONG).map(|_| Phrase::new("no-event")).collect());
        assert!(is_long(&[phrases]));
    }

    #[test]
    fn no_text_ends_what_holds_it() {
        assert_eq!(quoted("a\"</style>\n"), "\"a\\22 \\3c /style>\\a \"");
        assert_eq!(escaped("</pre>&lt;"), "&lt;/pre>&amp;lt;");
    }
}
