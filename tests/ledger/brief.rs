//! The brief: given what was said, then what a minister is told first.

use super::desk::{ACTION, Desk, completed, word};
use annals::domain::value::Code;
use annals::domain::word::Words;
use annals::ledger::Cut;
use annals::projection::brief::{self, Brief, Risk, Standing};
use annals::projection::diff::{Cause, Side};
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::report::brief as table;
use annals::report::table::Cell;
use serde_json::json;

/// What the brief tells of each subject, as `subject: what, what`: what changed, what is at risk, what is silent.
fn told(desk: &Desk, from: Option<Cut>, today: &str) -> [Vec<String>; 3] {
    let (before, after) = (desk.ledger.at(from).unwrap(), desk.ledger.at(None).unwrap());
    let today = today.parse().unwrap();
    let readings = [&before, &after].map(|history| Reading::of(&history.state, None, None, Some(today)));
    let side = |history, reading| Side { history, reading };
    let sides = (side(&before, &readings[0]), side(&after, &readings[1]));
    let since = "2021-12-31".parse().unwrap();
    let measured =
        &mut |action: &Code, words: &Words| desk.ledger.measured(&readings[1], Some((action, words)));
    let within = "60d".parse().unwrap();
    let brief = brief::of(sides.0, sides.1, &Filter::default(), within, since, measured).unwrap();
    [changed(&brief), at_risk(&brief), silent(&brief)]
}

fn line(subject: &str, what: impl Iterator<Item = String>) -> String {
    format!("{}: {}", subject.rsplit('/').next().unwrap(), what.collect::<Vec<_>>().join(", "))
}

fn changed(brief: &Brief<'_>) -> Vec<String> {
    let what = |changed: &brief::Changed| {
        let cause = if changed.cause == Cause::Time { "time" } else { "entry" };
        let changes = changed.changes.iter().map(|change| {
            let party = change.party.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{party} {} {}", change.field, change.new.as_deref().unwrap_or("–"))
        });
        format!("{cause} [{}]", changes.collect::<Vec<_>>().join("; "))
    };
    brief.changed.iter().map(|about| line(&about.subject, about.what.iter().map(what))).collect()
}

fn at_risk(brief: &Brief<'_>) -> Vec<String> {
    let what = |risk: &Risk<'_>| match risk {
        Risk::Health(party, health) => format!("{party} {health}"),
        Risk::Due(item, Standing::Overdue) => format!("overdue {}", item.closes),
        Risk::Due(item, Standing::Due) => format!("due {}", item.closes),
        Risk::Apart(silence) => silence.why.rule().to_string(),
    };
    brief.at_risk.iter().map(|about| line(&about.subject, about.what.iter().map(what))).collect()
}

fn silent(brief: &Brief<'_>) -> Vec<String> {
    let what = |silence: &annals::projection::silence::Silence| silence.why.rule().to_string();
    brief.silent.iter().map(|about| line(&about.subject, about.what.iter().map(what))).collect()
}

#[test]
fn what_follows_from_a_partys_own_word_is_not_told_beside_it() {
    let mut desk = Desk::founded();
    let before = Some(Cut::Sequence(desk.ledger.head().size - 1));
    desk.progress("DK", "1.G2G.2", word("under_way")).unwrap();
    let [changed, ..] = told(&desk, before, "2021-12-01");
    assert_eq!(changed, ["1.G2G.2: entry [DK lifecycle under_way]"]);
}

#[test]
fn the_newest_change_is_told_first_and_last_what_time_alone_changed() {
    let mut desk = Desk::founded();
    let before = Some(Cut::Sequence(desk.ledger.head().size - 1));
    for action in ["1.G2G.2", "1.G2G.1"] {
        desk.progress("DK", action, word("under_way")).unwrap();
    }
    desk.progress("KR", "1.G2G.2", word("continuing")).unwrap();
    let [changed, ..] = told(&desk, before, "2021-12-01");
    assert_eq!(
        changed,
        [
            "1.G2G.2: entry [KR lifecycle continuing], entry [DK lifecycle under_way]",
            "1.G2G.1: entry [DK lifecycle under_way]",
        ]
    );
}

#[test]
fn the_gravest_is_told_first() {
    let mut desk = Desk::founded();
    let say = |health: &str| json!({"effective": "2021-06", "health": health, "note": "so"});
    desk.progress("DK", "1.G2G.1", say("at_risk")).unwrap();
    let cancelled = json!({"effective": "2021-06", "occurrence": {"window": "2021", "state": "cancelled"}});
    desk.progress("DK", "1.G2G.1", cancelled).unwrap();
    let lead = json!({"institution": "DKMA", "role": "lead", "due": "2022-02"});
    desk.say("DK", ACTION, "action.assigned", lead).unwrap();
    let risks = |desk: &Desk, today: &str| {
        let [_, at_risk, _] = told(desk, None, today);
        at_risk.into_iter().filter(|line| line.starts_with("1.G2G.")).collect::<Vec<_>>()
    };
    assert_eq!(risks(&desk, "2022-02-01"), ["1.G2G.1: DK at_risk", "1.G2G.2: due 2022-02-28"]);
    assert_eq!(risks(&desk, "2022-03-01"), ["1.G2G.2: overdue 2022-02-28", "1.G2G.1: DK at_risk"]);
    desk.progress("DK", "1.G2G.1", say("off_track")).unwrap();
    assert_eq!(risks(&desk, "2022-03-01")[0], "1.G2G.1: DK off_track");
    // Where they differ, both are told at once.
    desk.progress("KR", "1.G2G.1", say("on_track")).unwrap();
    assert_eq!(risks(&desk, "2022-03-01")[0], "1.G2G.1: disputed");
    for party in ["DK", "KR"] {
        desk.progress(party, "1.G2G.2", completed()).unwrap();
    }
    assert_eq!(risks(&desk, "2022-03-01"), ["1.G2G.1: disputed"]);
}

#[test]
fn a_window_that_passed_is_overdue_and_told_once() {
    let mut desk = Desk::founded();
    let of = |lines: &[String]| {
        lines.iter().filter(|line| line.starts_with("1.G2G.1: ")).cloned().collect::<Vec<_>>()
    };
    let [_, at_risk, silent] = told(&desk, None, "2021-12-01");
    assert_eq!(of(&at_risk), ["1.G2G.1: due 2021-12-31"]);
    assert_eq!(of(&silent), ["1.G2G.1: no_event"]);
    let [_, at_risk, silent] = told(&desk, None, "2022-01-01");
    assert_eq!(of(&at_risk), ["1.G2G.1: overdue 2021-12-31"]);
    assert_eq!(of(&silent), ["1.G2G.1: no_event"]);
    // What is over is due no more; nobody said what became of the window.
    for party in ["DK", "KR"] {
        let done = json!({"effective": "2022-01-01", "lifecycle": "completed", "note": "so",
            "evidence": completed()["evidence"]});
        desk.progress(party, "1.G2G.1", done).unwrap();
    }
    let [_, at_risk, silent] = told(&desk, None, "2022-02-01");
    assert_eq!(of(&at_risk), [""; 0]);
    assert_eq!(of(&silent), ["1.G2G.1: window_passed"]);
}

#[test]
fn windows_that_are_overdue_are_told_in_one() {
    let mut desk = Desk::founded();
    let poor = json!({"effective": "2021-06", "health": "at_risk", "note": "so"});
    desk.progress("DK", "1.G2G.1", poor).unwrap();
    let history = desk.ledger.at(None).unwrap();
    let reading = Reading::of(&history.state, None, None, "2023-12-01".parse().ok());
    let side = || Side { history: &history, reading: &reading };
    let since = "2021-12-31".parse().unwrap();
    let measured = &mut |action: &Code, words: &Words| desk.ledger.measured(&reading, Some((action, words)));
    let within = "60d".parse().unwrap();
    let brief = brief::of(side(), side(), &Filter::default(), within, since, measured).unwrap();
    let sections = table::sections(&history.state, (&reading, &reading), &brief, &[].into());
    let Some(Cell::Phrases(told)) = sections[1].report.rows[0].last() else { panic!("{sections:?}") };
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "windows 2021, 2022: overdue since 2021-12-31",
            "DK says at risk",
            "window 2023 closes: due 2023-12-31"
        ]
    );
}
