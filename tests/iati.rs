//! Activities of IATI: the same head and axes give the same bytes, nothing is claimed that was not agreed, and somebody else's reader
//! finds every text as it was recorded.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "desks/program.rs"]
mod program;

use roxmltree::{Document, Node};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");
const IATI: &str = "iati --org XM-DAC-3-1 --org-name Annals";

struct Desk(TempDir);

impl Desk {
    fn command(&self, name: &str) -> Command {
        program::within(self.0.path(), name)
    }

    fn run(&self, command: &str) -> Output {
        program::annals(self.0.path()).args(command.split_whitespace()).output().unwrap()
    }

    fn done(&self, command: &str) -> String {
        program::said(command, self.run(command))
    }

    /// A ledger of the example plan, changed.
    fn of(change: impl FnOnce(&mut Value)) -> Self {
        let desk = Self(TempDir::new().unwrap());
        let mut plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
        change(&mut plan);
        fs::write(desk.0.path().join("plan.json"), plan.to_string()).unwrap();
        desk.done("init plan.json --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z");
        desk
    }

    fn say(&self, day: &str, words: &str) {
        self.done(&format!("record {words} --time {day}T08:00:00.000Z"));
    }

    /// In which something is agreed, disputed, said by one side alone, or in different words of the same stage.
    fn speaking() -> Self {
        let desk = Self::of(|_| {});
        for words in [
            "progress 1.G2G.1 --as DK --lifecycle under_way --effective 2021-09",
            "confirm 1.G2G.1 --as KR",
            "progress 1.G2G.2 --as DK --lifecycle under_way --effective 2021-10-05",
            "progress 1.G2G.2 --as KR --lifecycle continuing --effective 2021-10-05",
            "progress 1.G2G.3 --as DK --lifecycle under_way --effective 2021-11-02",
            "progress 1.G2G.3 --as KR --lifecycle planned --effective 2021-11-02",
            "progress 1.G2G.4 --as KR --lifecycle completed --effective 2021-12-01 --evidence plan.json",
            "progress 1.G2G.5 --as KR --lifecycle under_way --effective 2021-12-01",
            "contest 1.G2G.5 --as DK --reason No",
            "progress 1.G2G.6 --as DK --lifecycle under_way --effective 2021-06-01",
            "confirm 1.G2G.6 --as KR",
            "progress 2.REG.1 --as DK --health on_track --note Well --effective 2021-06-01",
        ] {
            desk.say("2022-03-09", words);
        }
        for words in [
            "progress 1.G2G.6 --as DK --lifecycle completed --effective 2022-05-04 --evidence plan.json",
            "confirm 1.G2G.6 --as KR",
            "progress 1.G2G.7 --as DK --lifecycle suspended --effective 2022-05",
            "confirm 1.G2G.7 --as KR",
        ] {
            desk.say("2022-06-01", words);
        }
        desk
    }
}

/// The activity of an action; of the programme for an empty reference.
fn activity<'a>(document: &'a Document<'a>, reference: &str) -> Node<'a, 'a> {
    let end = if reference.is_empty() { "2021-2024".to_owned() } else { format!("2021-2024-{reference}") };
    let mut all = document.root_element().children().filter(Node::is_element);
    all.find(|each| text(*each, "iati-identifier").ends_with(&end))
        .unwrap_or_else(|| panic!("no {reference}"))
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Node<'a, 'a> {
    node.children().find(|child| child.has_tag_name(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// What stands in an element, or in its narrative.
fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    let child = child(node, name);
    child.first_element_child().unwrap_or(child).text().unwrap()
}

fn stage<'a>(document: &'a Document<'a>, reference: &str) -> &'a str {
    child(activity(document, reference), "activity-status").attribute("code").unwrap()
}

/// Kind, day, and how it was said where that is no day.
fn dates(document: &Document<'_>, reference: &str) -> Vec<(String, String, Option<String>)> {
    let of = |date: Node<'_, '_>| {
        let attribute = |name| date.attribute(name).unwrap().to_owned();
        let said = date.first_element_child().map(|narrative| narrative.text().unwrap().to_owned());
        (attribute("type"), attribute("iso-date"), said)
    };
    activity(document, reference)
        .children()
        .filter(|node| node.has_tag_name("activity-date"))
        .map(of)
        .collect()
}

/// The description of type 4.
fn standing(document: &Document<'_>, reference: &str) -> String {
    let mut descriptions =
        activity(document, reference).children().filter(|node| node.has_tag_name("description"));
    let standing = descriptions.find(|node| node.attribute("type") == Some("4")).unwrap();
    standing.first_element_child().unwrap().text().unwrap().to_owned()
}

#[test]
fn the_same_head_and_axes_give_the_same_bytes_whatever_is_recorded_after() {
    let desk = Desk::speaking();
    let name = "Ministry of 'Foreign' Affairs?> --";
    let mut documents = Vec::new();
    for options in
        [vec![], vec!["--recorded", "2022-04-01"], vec!["--effective", "2021-10-31", "--line", "1"]]
    {
        let mut command = desk.command(env!("CARGO_BIN_EXE_annals"));
        command.args(["iati", "--org", "XM-DAC-3-1", "--org-type", "15", "--org-name", name]);
        let output = command.args(options).output().unwrap();
        documents.push(String::from_utf8(output.stdout).unwrap());
    }
    assert!(documents[0] != documents[1] && documents[1] != documents[2]);
    desk.say("2023-01-09", "progress 1.G2G.8 --as KR --lifecycle under_way");
    for document in documents {
        let read = Document::parse(&document).unwrap();
        let again = read.root().children().find_map(|node| node.pi()).unwrap();
        let line = format!("{} {}", again.target, again.value.unwrap());
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_annals")).parent().unwrap();
        let output = desk.command("/bin/sh").args(["-c", &line]).env("PATH", program).output().unwrap();
        assert!(output.stdout == document.as_bytes(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_stage_is_what_all_say_and_otherwise_that_of_the_plan() {
    let desk = Desk::speaking();
    let written = desk.done(IATI);
    let document = Document::parse(&written).unwrap();
    for (reference, code, words) in [
        ("", "2", "Joint status of 69 actions: "),
        ("1.G2G.1", "2", "agreed. DK says under way as of 2021-09; KR says under way as of 2021-09."),
        ("1.G2G.2", "2", "disputed. DK says under way"),
        ("1.G2G.3", "1", "disputed. DK says under way as of 2021-11-02; KR says planned"),
        ("1.G2G.4", "1", "one sided. DK says nothing; KR says completed"),
        ("1.G2G.5", "1", "DK contests what is said as of 2021-12-01; KR says under way"),
        ("1.G2G.6", "3", "agreed."),
        ("1.G2G.7", "6", "agreed."),
        ("2.REG.1", "1", "silent on the lifecycle. DK says nothing of its lifecycle; KR says nothing. No"),
        ("1.G2G.8", "1", "silent. DK says nothing; KR says nothing. No activity status is agreed"),
    ] {
        assert_eq!(stage(&document, reference), code, "{reference}");
        let standing = standing(&document, reference);
        assert!(standing.contains(words) && standing.contains("Illustrative"), "{reference}: {standing}");
    }
    let before = desk.done(&format!("{IATI} --effective 2021-08-31"));
    let before = Document::parse(&before).unwrap();
    assert_eq!((stage(&before, "1.G2G.1"), stage(&before, "1.G2G.6")), ("1", "2"));
}

#[test]
fn an_actual_date_is_what_all_say() {
    let desk = Desk::speaking();
    let written = desk.done(IATI);
    let document = Document::parse(&written).unwrap();
    let date = |kind: &str, day: &str| (kind.to_owned(), day.to_owned(), None);
    let planned = [date("1", "2021-01-01"), date("3", "2024-12-31")];
    for reference in ["", "1.G2G.2", "1.G2G.3", "1.G2G.4", "1.G2G.5", "1.G2G.7", "1.G2G.8"] {
        assert_eq!(dates(&document, reference), planned, "{reference}");
    }
    // A month stands for its first day, and beside it as it was said.
    let begun = ("2".to_owned(), "2021-09-01".to_owned(), Some("2021-09".to_owned()));
    assert_eq!(dates(&document, "1.G2G.1"), [planned[0].clone(), begun, planned[1].clone()]);
    let [first, last] = planned;
    let done = [first, date("2", "2021-06-01"), last, date("4", "2022-05-04")];
    assert_eq!(dates(&document, "1.G2G.6"), done);
}

#[test]
fn nothing_is_said_of_recipients_sectors_or_money() {
    let desk = Desk::speaking();
    let written = desk.done(IATI);
    let document = Document::parse(&written).unwrap();
    let names: BTreeSet<&str> =
        document.descendants().filter(Node::is_element).map(|node| node.tag_name().name()).collect();
    let known = [
        "activity-date",
        "activity-scope",
        "activity-status",
        "description",
        "iati-activities",
        "iati-activity",
        "iati-identifier",
        "narrative",
        "other-identifier",
        "participating-org",
        "related-activity",
        "reporting-org",
        "tag",
        "title",
    ];
    assert_eq!(names, BTreeSet::from(known));
    let parts = document.descendants().filter(|node| node.has_tag_name("participating-org"));
    for part in parts {
        let attributes: Vec<_> = part.attributes().map(|each| (each.name(), each.value())).collect();
        assert!(matches!(attributes[..], [("role", "2" | "4")]), "{attributes:?}");
        assert!(!part.first_element_child().unwrap().text().unwrap().is_empty());
    }
    let programme = activity(&document, "");
    assert_eq!(programme.attribute("hierarchy"), Some("1"));
    let children = programme.children().filter(|node| node.has_tag_name("related-activity"));
    assert_eq!(children.filter(|node| node.attribute("type") == Some("2")).count(), 69);
    let action = activity(&document, "3.G2G.3");
    let goals = action.children().filter(|node| node.has_tag_name("tag"));
    let goals: Vec<_> =
        goals.map(|tag| (tag.attribute("vocabulary"), tag.attribute("code").unwrap())).collect();
    assert!(goals.contains(&(Some("2"), "3")), "{goals:?}");
}

#[test]
fn what_goes_on_in_others_is_cancelled_and_names_them() {
    let desk = Desk::speaking();
    for command in [
        "review open R2022 --as DK --cutoff 2022-12-31",
        "review propose R2022 2.G2G.1 merge --into 2.G2G.2 --as DK --reason So",
        "review agree 2.G2G.1 --as KR",
    ] {
        desk.done(&format!("{command} --time 2023-01-09T08:00:00.000Z"));
    }
    let read = |options: &str| desk.done(&format!("{IATI} {options}"));
    let relations = |written: &str| {
        let document = Document::parse(written).unwrap();
        let action = activity(&document, "2.G2G.1");
        let related = action.children().filter(|node| node.has_tag_name("related-activity"));
        let of = |node: Node<'_, '_>| {
            format!("{}{}", &node.attribute("type").unwrap(), node.attribute("ref").unwrap())
        };
        (stage(&document, "2.G2G.1").to_owned(), related.map(of).collect::<Vec<_>>())
    };
    let parent = "1XM-DAC-3-1-denmark-korea-2021-2024".to_owned();
    let sibling = "3XM-DAC-3-1-denmark-korea-2021-2024-2.G2G.2".to_owned();
    assert_eq!(relations(&read("--line 2")), ("5".to_owned(), vec![parent.clone(), sibling]));
    assert_eq!(relations(&read("--effective 2022-12-31")), ("1".to_owned(), vec![parent]));
    // The programme stands by its whole plan, whichever of its actions are asked for.
    let one = read("--lifecycle superseded");
    let document = Document::parse(&one).unwrap();
    assert_eq!(document.root_element().children().filter(Node::is_element).count(), 2);
    assert_eq!(stage(&document, ""), "2");
}

#[test]
fn hostile_texts_are_read_back_as_they_were_recorded() {
    let hostile = "</narrative><sector code=\"11110\"/> &amp; & ]]> <!-- -- --> '\"\t\n한국–덴마크 \u{1f30a} \u{10fffd}";
    let desk = Desk::of(|plan| {
        plan["title"] = json!(hostile);
        plan["document"]["language"] = json!("no_language");
        plan["actions"][0]["text"] = json!(hostile);
        plan["lines"][0]["title"] = json!(hostile);
        plan["lines"][0]["goals"][0]["printed"] = json!(hostile);
        let name = json!({"ko": hostile, "x.y": "한국"});
        plan["actions"][0]["institutions"] = json!([plan["institutions"][0]["id"]]);
        plan["institutions"][0]["names"] = name;
    });
    let written = desk.done(IATI);
    let document = Document::parse(&written).unwrap();
    let first = activity(&document, "1.G2G.1");
    assert_eq!(text(activity(&document, ""), "title"), hostile);
    assert_eq!(text(first, "description"), hostile);
    assert_eq!(text(first, "tag"), hostile);
    let xml = "http://www.w3.org/XML/1998/namespace";
    assert_eq!(first.attribute((xml, "lang")), Some("und"));
    let mut bodies = first.children().filter(|node| node.attribute("role") == Some("4"));
    let names: Vec<_> = bodies
        .next()
        .unwrap()
        .children()
        .filter(Node::is_element)
        .map(|name| (name.attribute((xml, "lang")), name.text().unwrap()))
        .collect();
    assert_eq!(names, [(Some("ko"), hostile), (Some("und"), "한국")]);
    assert!(!document.descendants().any(|node| node.has_tag_name("sector")));
}

#[test]
fn no_identifier_is_made_up_and_nothing_is_overwritten() {
    let desk = Desk::of(|_| {});
    fs::write(desk.0.path().join("mine.xml"), "mine").unwrap();
    for (command, word) in [
        ("iati --org-name Annals", "--org <REF>"),
        ("iati --org XM-DAC-3-1", "--org-name <NAME>"),
        ("iati --org Denmark --org-name Annals", "such as XM-DAC-3-1"),
        ("iati --org dk-cvr-1 --org-name Annals", "such as XM-DAC-3-1"),
        ("iati --org DK-CVR-1/2 --org-name Annals", "without spaces, `/`"),
        ("iati --org DK-CVR- --org-name Annals", "such as XM-DAC-3-1"),
        ("iati --org DK-CVR-1 --org-name \u{1} --line 1", "U+0001"),
        ("iati --org DK-CVR-1 --org-name \u{ffff} --line 1", "U+FFFF"),
        ("iati --org DK-CVR-1 --org-name Annals --org-type 12", "possible values: 10"),
        ("iati --org DK-CVR-1 --org-name Annals --recorded 2020-12-31", "name a later moment"),
        ("iati --org DK-CVR-1 --org-name Annals -o mine.xml", "nothing is overwritten"),
        ("iati --org DK-CVR-1 --org-name Annals --line 9", "no line 9"),
    ] {
        let output = desk.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains(word), "{command}: {said}");
    }
    assert_eq!(fs::read_to_string(desk.0.path().join("mine.xml")).unwrap(), "mine");
    // An older one, of a country without a register.
    assert!(
        desk.done("iati --org SE-0 --org-name Annals --line 1")
            .contains("<iati-identifier>SE-0-denmark-korea-")
    );
    let answer: Value =
        serde_json::from_str(&desk.done(&format!("--format json {IATI} --line 1 -o plan.xml"))).unwrap();
    let written = fs::read(desk.0.path().join("plan.xml")).unwrap();
    assert_eq!(answer["bytes"], written.len());
    assert_eq!(answer["activities"], 18);
    assert!(
        written == desk.done(&format!("{IATI} --line 1")).as_bytes(),
        "a file differs from what is printed"
    );
}
