//! A tally as a chart (SVG): a bar for each line of effort, whose pieces have a colour, a glyph and a number; the table below it says
//! the same.
//!
//! The colours can be told apart by colour-blind readers (Okabe and Ito, Color Universal Design) and on grey paper have their glyphs.

use crate::report::document::Section;
use crate::report::labels::Labels;
use crate::report::table::Cell;
use crate::report::tally::glyph;
use maud::{Markup, html};

/// The width of a whole bar, in units of the picture.
const WIDTH: u64 = 720;
/// The height of a bar, and how far one is below the other.
const BAR: u64 = 22;
const STEP: u64 = 48;
/// How wide a piece is at least to have its number in it.
const ROOM: u64 = 34;

/// The colour of a word, and that of what is written on it.
fn look(word: &str) -> (&'static str, &'static str) {
    match word {
        "planned" | "no_evidence" => ("#ffffff", "#000000"),
        "under_way" => ("#004b87", "#ffffff"),
        "continuing" | "substantial" => ("#56b4e9", "#000000"),
        "suspended" => ("#bbbbbb", "#000000"),
        "completed" | "complete" => ("#009e73", "#000000"),
        "discontinued" => ("#000000", "#ffffff"),
        "superseded" => ("#cc79a7", "#000000"),
        "disputed" | "different" => ("#e69f00", "#000000"),
        "not_started" => ("#dddddd", "#000000"),
        "limited" => ("#f0e442", "#000000"),
        _ => ("#f4f4f4", "#000000"),
    }
}

/// The bars of a tally, without its last row, which has all lines.
pub(super) fn of(section: &Section, labels: &Labels) -> Markup {
    let report = &section.report;
    let counts = || report.columns.iter().enumerate().skip(3);
    let lines = report.rows.split_last().map_or(&[][..], |(_, lines)| lines);
    let shown = |at: usize| lines.iter().any(|row| matches!(row.get(at), Some(Cell::Share(1.., _))));
    let height = STEP * lines.len() as u64;
    let text = |row: &[Cell], at: usize| row.get(at).map(|cell| labels.cell(cell)).unwrap_or_default();
    html! {
        figure {
            svg role="img" viewBox={ "0 0 " (WIDTH + 2) " " (height) } aria-labelledby={ (section.name) "-chart" } {
                title id={ (section.name) "-chart" } { (section.heading(labels)) ". " (section.about(labels)) }
                @for (place, row) in (0..).zip(lines) {
                    g transform={ "translate(1 " (place * STEP) ")" } {
                        text class="line" x="0" y="15" { (text(row, 0)) ". " tspan class="own" { (text(row, 1)) } " (" (text(row, 2)) ")" }
                        @for (word, number, (from, to)) in pieces(row, counts().map(|(at, column)| (at, column.key.as_str()))) {
                            @let (fill, ink) = look(word);
                            rect x=(from) y="22" width=(to - from) height=(BAR) fill=(fill) stroke="#595959" {}
                            @if to - from >= ROOM {
                                text x={ (from + 6) } y="38" fill=(ink) { (glyph(word)) " " (number) }
                            }
                        }
                    }
                }
            }
            figcaption {
                @for (_, column) in counts().filter(|(at, _)| shown(*at)) {
                    @let (fill, ink) = look(&column.key);
                    span class="key" {
                        svg aria-hidden="true" viewBox="0 0 16 16" width="16" height="16" {
                            rect x="0.5" y="0.5" width="15" height="15" fill=(fill) stroke="#595959" {}
                            text x="8" y="12" text-anchor="middle" font-size="11" fill=(ink) { (glyph(&column.key)) }
                        }
                        " " (labels.word(&column.key)) " "
                    }
                }
            }
        }
    }
}

/// The pieces of a bar that have any width: the word, its number, from where to where.
fn pieces<'a>(
    row: &[Cell],
    counts: impl Iterator<Item = (usize, &'a str)>,
) -> Vec<(&'a str, u64, (u64, u64))> {
    let mut before = 0;
    let piece = |(at, word)| {
        let Some(Cell::Share(number @ 1.., all)) = row.get(at) else { return None };
        let from = before;
        before += number;
        Some((word, *number, (from * WIDTH / all, before * WIDTH / all)))
    };
    counts.filter_map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_bar_fill_it() {
        let row = [Cell::Share(1, 7), Cell::Share(0, 7), Cell::Share(6, 7)];
        let pieces = pieces(&row, (0..).zip(["planned", "held", "completed"]));
        assert_eq!(pieces, [("planned", 1, (0, 102)), ("completed", 6, (102, 720))]);
    }
}
