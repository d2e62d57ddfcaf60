//! A document as Markdown (GitHub Flavored Markdown §4.10, tables): for mail and for text kept beside code.

use super::document::{Document, Section};
use super::labels::Labels;
use super::table::Fact;

/// The document as Markdown.
#[must_use]
pub fn of(document: &Document, labels: &Labels) -> String {
    let mut text = format!("# {}\n", escaped(&document.title));
    if document.is_illustrative() {
        text.extend(["\n**", &escaped(&labels.say("page-illustrative")), "**\n"]);
    }
    text.extend(["\n", &listed(document.facts(), labels)]);
    document.sections.iter().for_each(|section| text.push_str(&part(document, section, labels)));
    text.extend(["\n---\n\n", &labels.say("page-again"), ": `", &document.command, "`\n"]);
    text
}

fn part(document: &Document, section: &Section, labels: &Labels) -> String {
    let report = &section.report;
    let mut text = format!("\n## {}\n\n{}\n\n", section.heading(labels), section.about(labels));
    let facts = listed(section.facts(document), labels);
    if !facts.is_empty() {
        text.extend([&facts, "\n"]);
    }
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    if report.rows.is_empty() {
        text.extend([&labels.say("page-nothing"), "\n"]);
    } else {
        let heading = |column| escaped(&labels.heading(column, &report.reading.parties));
        text.push_str(&row(section.columns().map(|(_, column)| heading(column)).collect()));
        text.push_str(&row(section.columns().map(|_| "---".to_owned()).collect()));
        for cells in &report.rows {
            let cell = |(at, _)| cells.get(at).map(|cell| escaped(&labels.cell(cell)));
            text.push_str(&row(section.columns().filter_map(cell).collect()));
        }
    }
    if let Some(more) = &section.more {
        text.extend(["\n", &escaped(&labels.phrase(more)), "\n"]);
    }
    text.push('\n');
    for reading in section.readings(labels) {
        text.extend(["<small>", &escaped(&reading), "</small>  \n"]);
    }
    text
}

fn listed<'a>(facts: impl Iterator<Item = &'a Fact>, labels: &Labels) -> String {
    let told = |fact: &Fact| {
        format!("- {}: {}\n", labels.fact(&fact.key), escaped(&labels.items(&fact.cell).join(", ")))
    };
    facts.map(told).collect()
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
