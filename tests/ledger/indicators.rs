//! Indicators: what each party gave first and last, on both time axes, of the words that stand.

use super::desk::Desk;
use annals::ledger::{Cut, Receipt};
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::indicators::{self, Series};
use annals::projection::reading::Reading;
use serde_json::{Value, json};

const ACTION: &str = "1.G2G.2";
const SUBJECT: &str = "actions/1.G2G.2";

fn given(effective: &str, indicators: &[(&str, &str, &str)]) -> Value {
    let each = |(name, value, unit): &(&str, &str, &str)| match *unit {
        "" => json!({"name": name, "value": value}),
        unit => json!({"name": name, "value": value, "unit": unit}),
    };
    json!({"effective": effective, "indicators": indicators.iter().map(each).collect::<Vec<_>>()})
}

fn measure(desk: &mut Desk, speaker: &str, effective: &str, value: &str, unit: &str) -> Receipt {
    desk.progress(speaker, ACTION, given(effective, &[("visits", value, unit)])).unwrap()
}

fn told(Series { party, name, first, latest }: &Series<'_>) -> String {
    let unit = latest.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    format!(
        "{party} {name}: {} since {}, {}{unit} since {} ({})",
        first.value, first.effective, latest.value, latest.effective, latest.source
    )
}

/// What is known of the action's indicators, as recorded by a cut and as effective by a day.
fn known(desk: &Desk, cut: Option<Cut>, effective: Option<&str>) -> Vec<String> {
    let history = desk.ledger.at(cut).unwrap();
    let reading = Reading::of(&history.state, None, effective.map(|day| day.parse().unwrap()), None);
    let action = ACTION.parse().unwrap();
    let words = history.words(&action).unwrap();
    let measured = desk.ledger.measured(&reading, Some((&action, &words))).unwrap();
    let own = indicators::of(&action, &words, &measured, &reading);
    let board = board::of(&history, &reading, &Filter::default()).unwrap();
    let everywhere = desk.ledger.measured(&reading, None).unwrap();
    let all = indicators::all(&history, &board, &everywhere, &reading).unwrap();
    let same: Vec<Series<'_>> = all.into_iter().flat_map(|(_, series)| series).collect();
    assert_eq!(same, own, "nothing else was measured");
    own.iter().map(told).collect()
}

#[test]
fn of_several_values_of_one_name_in_an_entry_the_last_counts() {
    let mut desk = Desk::founded();
    let twice = [("visits", "3", ""), ("guests", "7", ""), ("visits", "9", "")];
    desk.progress("DK", ACTION, given("2021-06", &twice)).unwrap();
    assert_eq!(
        known(&desk, None, None),
        [
            "DK guests: 7 since 2021-06, 7 since 2021-06 (parties/DK)",
            "DK visits: 9 since 2021-06, 9 since 2021-06 (parties/DK)"
        ]
    );
}

#[test]
fn the_latest_value_is_the_one_that_is_true_last_and_of_one_day_the_one_that_was_said_last() {
    let mut desk = Desk::founded();
    measure(&mut desk, "DK", "2021-06", "5", "");
    measure(&mut desk, "DK", "2021-03", "3", "");
    assert_eq!(known(&desk, None, None), ["DK visits: 3 since 2021-03, 5 since 2021-06 (parties/DK)"]);
    measure(&mut desk, "DK", "2021-06", "6", "");
    assert_eq!(known(&desk, None, None), ["DK visits: 3 since 2021-03, 6 since 2021-06 (parties/DK)"]);
}

#[test]
fn each_party_has_its_own_value_whichever_of_its_institutions_speaks() {
    let mut desk = Desk::founded();
    desk.say("KR", SUBJECT, "action.assigned", json!({"institution": "MSIT", "role": "lead"})).unwrap();
    measure(&mut desk, "KR/MSIT", "2021-05", "4", "days");
    desk.progress("DK", ACTION, given("2021-04", &[("visits", "-3.5", "days"), ("balance", "7", "")]))
        .unwrap();
    assert_eq!(
        known(&desk, None, None),
        [
            "DK balance: 7 since 2021-04, 7 since 2021-04 (parties/DK)",
            "DK visits: -3.5 since 2021-04, -3.5 days since 2021-04 (parties/DK)",
            "KR visits: 4 since 2021-05, 4 days since 2021-05 (parties/KR/institutions/MSIT)",
        ]
    );
}

#[test]
fn an_indicator_that_was_voided_is_neither_the_latest_nor_the_first() {
    let mut desk = Desk::founded();
    let first = measure(&mut desk, "DK", "2021-03", "3", "");
    measure(&mut desk, "DK", "2021-04", "4", "");
    let last = measure(&mut desk, "DK", "2021-05", "50", "");
    let before = desk.ledger.head().size;
    for word in [first, last] {
        desk.answer("DK", SUBJECT, "action.corrected", word, json!({"reason": "typo"})).unwrap();
    }
    assert_eq!(known(&desk, None, None), ["DK visits: 4 since 2021-04, 4 since 2021-04 (parties/DK)"]);
    // Until then it was.
    let then = Some(Cut::Sequence(before - 1));
    assert_eq!(known(&desk, then, None), ["DK visits: 3 since 2021-03, 50 since 2021-05 (parties/DK)"]);
}

#[test]
fn a_reading_has_the_values_that_were_true_and_known_by_then() {
    let mut desk = Desk::founded();
    let first = measure(&mut desk, "DK", "2021-03", "3", "");
    measure(&mut desk, "DK", "2021-05", "5", "");
    let until = |day| known(&desk, None, Some(day));
    assert_eq!(until("2021-04-30"), ["DK visits: 3 since 2021-03, 3 since 2021-03 (parties/DK)"]);
    // A month is true from its first day on.
    assert_eq!(until("2021-05-01"), ["DK visits: 3 since 2021-03, 5 since 2021-05 (parties/DK)"]);
    assert_eq!(until("2021-02-28"), Vec::<String>::new());
    let then = Some(Cut::Sequence(first.sequence));
    assert_eq!(known(&desk, then, None), ["DK visits: 3 since 2021-03, 3 since 2021-03 (parties/DK)"]);
    assert_eq!(known(&desk, Some(Cut::Sequence(first.sequence - 1)), None), Vec::<String>::new());
}

#[test]
fn who_confirms_a_word_gives_its_values_even_if_the_first_is_corrected_and_who_contests_gives_none() {
    let mut desk = Desk::founded();
    let word = measure(&mut desk, "DK", "2021-03", "3", "");
    desk.answer("KR", SUBJECT, "action.contested", word, json!({"reason": "no"})).unwrap();
    assert_eq!(known(&desk, None, None).len(), 1);
    let word = measure(&mut desk, "DK", "2021-04", "4", "");
    desk.answer("KR", SUBJECT, "action.confirmed", word, json!({"effective": "2021-05"})).unwrap();
    desk.answer("DK", SUBJECT, "action.corrected", word, json!({"reason": "typo"})).unwrap();
    assert_eq!(
        known(&desk, None, None),
        [
            "DK visits: 3 since 2021-03, 3 since 2021-03 (parties/DK)",
            "KR visits: 4 since 2021-05, 4 since 2021-05 (parties/KR)"
        ]
    );
}

#[test]
fn the_first_value_is_of_the_unit_of_the_latest() {
    let mut desk = Desk::founded();
    for (effective, value, unit) in
        [("2021-01", "9000", "hours"), ("2021-02", "40", "days"), ("2021-03", "50", "days")]
    {
        measure(&mut desk, "DK", effective, value, unit);
    }
    assert_eq!(known(&desk, None, None), ["DK visits: 40 since 2021-02, 50 days since 2021-03 (parties/DK)"]);
}
