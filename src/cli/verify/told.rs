//! How a verification of a history is told, to people, as an object or as rows: a verdict for each check, then two conclusions (was
//! anything altered, and up to where is nothing missing), and what they do not prove.

use super::super::checkpoint::instant;
use super::super::failure::Failure;
use super::super::output::{self, Format};
use super::against::Against;
use annals::exchange::bundle::verify::Bundled;
use annals::exchange::verification::{Kind, Verification};
use annals::record::causes;
use annals::record::completeness::{Standing, Vouched};
use annals::record::verdict::{Report, Verdict};
use annals::report::table::Cell;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

pub(super) fn show(
    found: &Verification,
    against: Option<&Against>,
    format: Format,
) -> Result<ExitCode, Failure> {
    match format {
        Format::Table => {
            let against = against.map_or_else(String::new, |against| format!("\n{}\n", against.words()));
            output::words(&format!("{}{against}", table(found)))?;
        }
        Format::Json => {
            let mut answer = answer(found);
            if let (Some(members), Some(against)) = (answer.as_object_mut(), against) {
                members.insert("against".to_owned(), against.answer());
                members.insert("holds".to_owned(), (found.holds() && against.holds()).into());
            }
            output::object(&answer)?;
        }
        Format::Csv => output::rows(&COLUMNS, &rows(found, against), found.report.illustrative)?,
    }
    let agreed = against.is_none_or(Against::holds);
    Ok(ExitCode::from(u8::from(!found.holds() || !agreed)))
}

/// Up to which entry nothing can be missing, in words.
fn completeness(found: &Verification) -> String {
    let completed = &found.completed;
    if completed.size == 0 {
        return "completeness is not known: there is no entry".to_owned();
    }
    let Some((_, vouched)) = completed.witnessed() else {
        let signed = match completed.signed() {
            Some((checkpoint, vouched)) if vouched.witnesses.is_empty() => {
                format!("the ledger alone signed {}", output::count(checkpoint.size(), "entry", "entries"))
            }
            Some((checkpoint, vouched)) => format!(
                "of {}, only {} cosigned",
                output::count(checkpoint.size(), "entry", "entries"),
                witnesses(vouched)
            ),
            None => "there is no checkpoint of it".to_owned(),
        };
        return format!("completeness is not known: {signed}, and newer entries may have been cut off");
    };
    // A page may hold fewer entries than the checkpoint that continues them.
    let covered = found.complete();
    let left = completed.size - covered;
    let beyond = match left {
        0 => String::new(),
        1 => "; the entry after it is not witnessed".to_owned(),
        left => format!("; the {left} entries after it are not witnessed"),
    };
    let named = if found.known == Some(true) { "" } else { ", if the parties are those that it names" };
    format!(
        "complete up to entry {}{named}: witnessed by {}{beyond}",
        covered.saturating_sub(1),
        witnesses(vouched)
    )
}

/// What lies beside the entries: its name, whether it holds (nothing where there is nothing to hold), and what there is to say.
fn beside(found: &Verification, against: Option<&Against>) -> Vec<(&'static str, Option<bool>, String)> {
    let size = found.report.size;
    let mut lines = Vec::new();
    if let Some(Bundled { tile, files: (count, wrong), policy }) = &found.bundled {
        lines.push(match tile {
            Some(tile) => ("tree", Some(false), format!("`{tile}` is not that of the entries")),
            None => ("tree", Some(true), format!("{size} of {size} entries")),
        });
        lines.push(match (wrong.first(), count) {
            (Some(wrong), _) => {
                let what = format!("`evidence/{wrong}` is not the file of its name, or of no entry");
                ("files", Some(false), what)
            }
            (None, 0) => ("files", None, "none is in it".to_owned()),
            (None, count) => ("files", Some(true), format!("{count} of {count}")),
        });
        let what = match policy {
            None if found.report.holds() => "none is in it",
            None => "not judged: the entries do not hold",
            Some(true) => "the one that its entries adopt",
            Some(false) => "`policy` is not the one that its entries adopt",
        };
        lines.push(("policy", *policy, what.to_owned()));
    }
    if let Some((path, signed)) = &found.forked {
        let what = if *signed {
            "the ledger's key signed two histories; people have to decide"
        } else {
            "it stops every write here, and holds no two histories that the ledger's key signed"
        };
        lines.push(("fork", Some(false), format!("{}: {what}", path.display())));
    }
    lines.extend(checkpoints(found).map(|(holds, what)| ("checkpoints", holds, what)));
    let known =
        |known| if known { "the ledger that you know" } else { "not known to be the ledger that you know" };
    lines.extend(found.known.map(|is_known| ("known", Some(is_known), known(is_known).to_owned())));
    lines.extend(against.map(|against| ("against", Some(against.holds()), against.words())));
    lines
}

/// What is said of the checkpoints together, and of what lies in the place of some.
fn checkpoints(found: &Verification) -> impl Iterator<Item = (Option<bool>, String)> {
    let unread = found.unread.iter().map(|error| (Some(false), causes::of(error)));
    let standings = &found.completed.standings;
    // What says nothing is told where there is nothing worse.
    let mut faults: Vec<_> = standings
        .iter()
        .filter_map(|standing| Some((standing.signed.checkpoint().size(), standing.verdict.as_ref().err()?)))
        .collect();
    faults.sort_by_key(|(_, unsound)| found.is_passed_over(unsound));
    let all = match faults.first() {
        Some((size, unsound)) => {
            let holds = (!found.is_passed_over(unsound)).then_some(false);
            Some((holds, format!("that of {size} entries: {}", causes::of(*unsound))))
        }
        None if standings.is_empty() && !found.unread.is_empty() => None,
        None if standings.is_empty() => Some((None, "none is at hand".to_owned())),
        None => Some((Some(true), format!("{} of {}", standings.len(), standings.len()))),
    };
    unread.chain(all)
}

/// What was found, as a table.
pub(crate) fn table(found: &Verification) -> String {
    let report = &found.report;
    let verdicts = report.verdicts.iter().map(|verdict| verdict_line(verdict, report.size));
    // Of what is known, and of another history, the conclusions speak.
    let beside = beside(found, None).into_iter().filter(|(name, ..)| *name != "known");
    let line = |(name, sign, words): (&str, Option<bool>, String)| {
        format!("{name:<20}{} {words}\n", output::sign(sign))
    };
    let text: String = verdicts.chain(beside.map(line)).collect();
    format!(
        "{text}\n{}\n{}\n{} entries in {} streams, head {}\nfirst entry {}\nroot        {}{}\n{}\n",
        found.conclusion(),
        completeness(found),
        report.size,
        report.streams,
        report.head,
        report.first,
        found.completed.root,
        remarks(found.kind, report),
        limits(found),
    )
}

fn limits(found: &Verification) -> String {
    let unread = match found.kind {
        Kind::Page => " Nor that the page shows what its entries say: it was not read.",
        Kind::Bundle => " Nor what its README.txt and answers.jsonl say: they were not read.",
        Kind::Folder | Kind::Export => "",
    };
    let files = match &found.bundled {
        Some(Bundled { files: (1.., wrong), .. }) if wrong.is_empty() => "files that are not in it",
        _ => "the files put forward as evidence",
    };
    // What no verification proves, whatever it was given.
    format!(
        "Not proved: that what was said is true, that the writer's clock was right, and that {files} are still at hand.{unread}"
    )
}

pub(crate) fn answer(found: &Verification) -> Value {
    let report = &found.report;
    let checkpoint = |standing: &Standing| {
        let checkpoint = standing.signed.checkpoint();
        let mut value = json!({
            "size": checkpoint.size(), "root": checkpoint.root().to_string(), "holds": standing.verdict.is_ok(),
        });
        if let Some(members) = value.as_object_mut() {
            match &standing.verdict {
                Ok(vouched) => {
                    members.insert("witnessed".to_owned(), vouched.witnessed.into());
                    members.insert("witnesses".to_owned(), named(vouched));
                }
                Err(unsound) => drop(members.insert("found".to_owned(), causes::of(unsound).into())),
            }
        }
        value
    };
    let completed = &found.completed;
    let mut value = json!({
        "kind": "verification",
        "holds": found.holds(),
        "conclusion": found.conclusion().to_string(),
        "completeness": completeness(found),
        "complete": found.complete(),
        "size": report.size,
        "streams": report.streams,
        "first": report.first,
        "head": report.head,
        "root": completed.root.to_string(),
        "withheld": report.withheld.0,
        "disclosed": report.withheld.1,
        "erased": report.erased,
        "lingering": report.lingering,
        "stray": report.stray,
        "damaged": report.damaged,
        "unfinished": report.unfinished,
        "illustrative": report.illustrative,
        "verdicts": verdicts(report),
        "checkpoints": completed.standings.iter().map(checkpoint).collect::<Vec<_>>(),
        "limits": limits(found),
    });
    if let Some(members) = value.as_object_mut() {
        members.extend(found.known.map(|known| ("authenticated".to_owned(), known.into())));
        members.extend(found.forked.as_ref().map(|(path, _)| ("fork".to_owned(), output::path(path))));
        if !found.unread.is_empty() {
            let unread: Vec<String> = found.unread.iter().map(|error| causes::of(error)).collect();
            members.insert("unread".to_owned(), json!(unread));
        }
        if let Some(Bundled { tile, files: (count, wrong), policy }) = &found.bundled {
            members.extend(policy.map(|policy| ("policy".to_owned(), policy.into())));
            members.insert("tree".to_owned(), tile.is_none().into());
            members.insert("files".to_owned(), json!({"count": count, "wrong": wrong}));
        }
    }
    value
}

fn witnesses(vouched: &Vouched) -> String {
    let one = |(name, time): &(String, u64)| format!("{name} at {}", instant(*time));
    vouched.witnesses.iter().map(one).collect::<Vec<_>>().join(" and ")
}

fn named(vouched: &Vouched) -> Value {
    vouched.witnesses.iter().map(|(name, time)| json!({"name": name, "time": instant(*time)})).collect()
}

fn verdict_line(verdict: &Verdict, size: u64) -> String {
    let (sign, words) = match (&verdict.finding, verdict.idle) {
        (Some(finding), _) => (Some(false), finding.to_string()),
        (None, Some(idle)) => (None, idle.to_owned()),
        (None, None) if verdict.covered == size => (Some(true), format!("{size} of {size} entries")),
        (None, None) => (None, format!("not known beyond the first {} of {size} entries", verdict.covered)),
    };
    format!("{:<20}{} {words}\n", verdict.check.to_string(), output::sign(sign))
}

/// What else is to be said of what was found.
fn remarks(kind: Kind, report: &Report) -> String {
    let mut more: Vec<String> = Vec::new();
    if let (held @ 1.., disclosed) = report.withheld {
        let erased = match report.erased {
            0 => String::new(),
            erased => format!(", {erased} erased"),
        };
        more.push(format!("\n{disclosed} of {held} withheld fields disclosed here{erased}"));
    }
    if report.lingering > 0 {
        let still = match kind {
            Kind::Folder => "in this folder: the next command that writes to the ledger removes what is left",
            Kind::Bundle | Kind::Export | Kind::Page => {
                "in this file: whoever made it is to remove it, and nobody takes the value in from there"
            }
        };
        let erased = output::count(report.lingering, "erased value is", "erased values are");
        more.push(format!("\n{erased} still {still}"));
    }
    if report.stray > 0 {
        more.push(format!("\n{} disclosures here belong to no entry", report.stray));
    }
    if report.damaged > 0 {
        more.push(format!(
            "\n{} lines of disclosures.jsonl are none: their fields count as withheld",
            report.damaged
        ));
    }
    if report.unfinished > 0 {
        more.push(format!(
            "\nThe journal ends with {} bytes of a line that was never finished: a write in progress, or one that was never \
             acknowledged",
            report.unfinished
        ));
    }
    if report.illustrative {
        more.push("\nIllustrative: recorded times were told by the authors.".to_owned());
    }
    more.concat()
}

const COLUMNS: [&str; 7] = ["check", "holds", "covered", "entry", "expected", "found", "idle"];

/// What a check says; nothing where it had nothing to check and found nothing.
fn holds(verdict: &Verdict, report: &Report) -> Option<bool> {
    match (&verdict.finding, verdict.idle) {
        (Some(_), _) => Some(false),
        (None, Some(_)) => None,
        (None, None) => Some(verdict.covered == report.size),
    }
}

/// One row a check, and one for each thing beside the entries; whether one that had nothing to check holds, is left open.
fn rows(found: &Verification, against: Option<&Against>) -> Vec<Vec<Cell>> {
    let report = &found.report;
    let row = |verdict: &Verdict| {
        let finding = verdict.finding.as_ref();
        vec![
            Cell::text(verdict.check.key()),
            holds(verdict, report).map_or(Cell::Empty, Cell::Flag),
            Cell::Number(verdict.covered),
            finding.map_or(Cell::Empty, |finding| Cell::Number(finding.entry)),
            Cell::maybe(finding.map(|finding| &finding.expected)),
            Cell::maybe(finding.map(|finding| &finding.found)),
            Cell::maybe(verdict.idle),
        ]
    };
    let beside = beside(found, against).into_iter().map(|(name, holds, words)| {
        let (wrong, idle) = match holds {
            Some(false) => (Cell::text(words), Cell::Empty),
            Some(true) => (Cell::Empty, Cell::Empty),
            None => (Cell::Empty, Cell::text(words)),
        };
        let holds = holds.map_or(Cell::Empty, Cell::Flag);
        vec![Cell::text(name), holds, Cell::Empty, Cell::Empty, Cell::Empty, wrong, idle]
    });
    report.verdicts.iter().map(row).chain(beside).collect()
}

fn verdicts(report: &Report) -> Map<String, Value> {
    report
        .verdicts
        .iter()
        .map(|verdict| {
            let mut value = json!({"covered": verdict.covered});
            if let Some(members) = value.as_object_mut() {
                members.extend(holds(verdict, report).map(|holds| ("holds".to_owned(), holds.into())));
                if let Some(idle) = verdict.idle {
                    members.insert("idle".to_owned(), idle.into());
                }
                if let Some(finding) = &verdict.finding {
                    members.insert("entry".to_owned(), finding.entry.into());
                    members.insert("expected".to_owned(), finding.expected.as_str().into());
                    members.insert("found".to_owned(), finding.found.as_str().into());
                }
            }
            (verdict.check.key().to_owned(), value)
        })
        .collect()
}
