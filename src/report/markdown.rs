//! A document as Markdown (GitHub Flavored Markdown §4.10, tables): for mail and for text kept beside code.

use super::document::{Document, Section};
use super::table::Seen;
use super::text::{field, is_empty, line, listed};

/// The document as Markdown.
#[must_use]
pub fn of(document: &Document) -> String {
    let mut text = format!("# {}\n", escaped(&document.title));
    if document.is_illustrative() {
        text.push_str("\n**Illustrative:** recorded times were told by the authors.\n");
    }
    document.sections.iter().for_each(|section| text.push_str(&part(section)));
    text.extend(["\n---\n\nMade again with `", &document.command, "`.\n"]);
    text
}

fn part(section: &Section) -> String {
    let report = &section.report;
    let mut text = format!("\n## {}\n\n{}\n\n", section.heading, section.about);
    for fact in report.facts.iter().filter(|fact| fact.seen != Seen::ByMachines && !is_empty(&fact.cell)) {
        let (key, value) = (fact.key.replace('_', " "), listed(&fact.cell));
        text.extend(["- ", &key, ": ", &escaped(&value), "\n"]);
    }
    let shown: Vec<usize> =
        report.columns.iter().enumerate().filter(|(_, column)| column.shown).map(|(at, _)| at).collect();
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    if !report.rows.is_empty() {
        let heading = |at: &usize| report.columns.get(*at).map(|column| column.heading.clone());
        text.push('\n');
        text.push_str(&row(shown.iter().filter_map(heading).collect()));
        text.push_str(&row(shown.iter().map(|_| "---".to_owned()).collect()));
        for cells in &report.rows {
            let cell = |at: &usize| cells.get(*at).map(|cell| escaped(&field(cell)));
            text.push_str(&row(shown.iter().filter_map(cell).collect()));
        }
    }
    let readings = report.before.iter().chain([&report.reading]).map(line);
    text.push('\n');
    readings.for_each(|reading| text.extend(["<small>", &escaped(&reading), "</small>  \n"]));
    text
}

/// A text in which nothing is markup, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push(' '),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_markup() {
        assert_eq!(escaped("a|b\n<i>*c*</i> & [d](e)"), "a\\|b &lt;i&gt;\\*c\\*&lt;/i&gt; &amp; \\[d\\](e)");
    }
}
