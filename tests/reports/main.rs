//! Reports of a review, and briefs: the same head gives the same bytes, and somebody else's reader finds in them what the program answers.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod brief;
mod desk;
mod measured;
mod print;
#[path = "../desks/program.rs"]
mod program;
#[allow(dead_code, reason = "here a document is held against them, and no more")]
#[path = "../schemas/schema.rs"]
mod schema;
mod snapshots;

use calamine::{Data, Reader, Xlsx, open_workbook};
use desk::{Desk, held};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;

#[test]
fn the_same_head_gives_the_same_bytes_whatever_is_recorded_after_the_close() {
    let desk = Desk::reviewing();
    desk.close();
    let files = ["one.html", "one.xlsx", "one.md", "one.json", "one.csv --section status"];
    for file in files {
        desk.done(&format!("report R2022 -o {file}"));
    }
    desk.done("record progress 1.G2G.3 --as KR --lifecycle completed --evidence one.md --time 2023-03-01T08:00:00.000Z");
    // Whatever becomes of the files that entries name.
    fs::remove_dir_all(desk.path("annals-ledger/blobs")).unwrap();
    fs::create_dir_all(desk.path("two")).unwrap();
    for file in files {
        desk.done(&format!("report R2022 -o two/{file}"));
        let (name, _) = file.split_once(' ').unwrap_or((file, ""));
        let read = |name: &str| fs::read(desk.path(name)).unwrap();
        assert!(read(name) == read(&format!("two/{name}")), "{name}");
    }
}

#[test]
fn a_workbook_has_what_the_program_answers_with_typed_dates_and_numbers() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.xlsx");
    let told = String::from_utf8(desk.run("verify evaluation.xlsx").stderr).unwrap();
    assert!(told.contains("a document of an office program, and no bundle"), "{told}");
    let mut workbook: Xlsx<_> = open_workbook(desk.path("evaluation.xlsx")).unwrap();
    let sheets = [
        "About",
        "Findings by line",
        "Findings",
        "Criteria",
        "Decisions",
        "Progress by line",
        "Status",
        "Bases of agreement",
        "Exceptions",
        "Opened, signed, closed",
        "Parties and institutions",
    ];
    assert_eq!(workbook.sheet_names(), sheets);
    let answered: Value = serde_json::from_str(&desk.done("--format json status --review R2022")).unwrap();
    let status = workbook.worksheet_range("Status").unwrap();
    let (headings, rows) = (status.rows().next().unwrap(), status.rows().skip(1).collect::<Vec<_>>());
    assert_eq!(rows.len(), answered["rows"].as_array().unwrap().len());
    let column =
        |name: &str| headings.iter().position(|heading| *heading == Data::String(name.to_owned())).unwrap();
    let row = rows.iter().find(|row| row[0] == Data::String("1.G2G.3".to_owned())).unwrap();
    assert_eq!(row[column("DK_sequence")], Data::Float(125.0));
    let Data::DateTime(date) = &row[column("DK_effective")] else {
        panic!("{:?} is no date", row[column("DK_effective")])
    };
    assert_eq!(date.to_ymd_hms_milli(), (2022, 3, 1, 0, 0, 0, 0));
    // What looks like a formula is a text.
    let decisions = workbook.worksheet_range("Decisions").unwrap();
    let text =
        decisions.rows().flatten().filter(|cell| **cell == Data::String("=1+1|*bold*".to_owned())).count();
    assert_eq!(text, 1);
    assert!(workbook.worksheet_formula("Decisions").unwrap().is_empty());
}

#[test]
fn markdown_has_a_table_for_each_part_in_which_nothing_is_markup() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.md");
    let text = fs::read_to_string(desk.path("evaluation.md")).unwrap();
    for heading in
        ["## Findings by line", "## Findings", "## Criteria", "## Decisions", "## Status", "## Exceptions"]
    {
        assert!(text.contains(&format!("\n{heading}\n")), "{heading}");
    }
    assert!(text.contains("=1+1\\|\\*bold\\*"), "{text}");
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut tables = text.split("\n\n").filter(|part| part.starts_with("| "));
    assert!(
        tables.all(|table| table.lines().all(|line| columns(line) == columns(table.lines().next().unwrap())))
    );
    assert!(text.contains("Illustrative"));
}

#[test]
fn nothing_is_overwritten_and_a_dialect_is_known_by_its_name() {
    let desk = Desk::reviewing();
    fs::write(desk.path("mine.xlsx"), "mine").unwrap();
    for (command, code, word) in [
        ("report R2022 -o mine.xlsx", 2, "exists"),
        ("report R2022 -o evaluation.docx", 2, ".html, .pdf, .xlsx, .md, .json or .csv"),
        ("report R2022 -o evaluation.csv", 2, "--section, one of results, findings"),
        ("report R2022 -o evaluation.csv --section finding", 2, "did you mean findings?"),
        ("report R2022 -o evaluation.md --bom", 2, ".csv"),
        ("report R2022 -o evaluation.md --lang se", 2, "en, da, ko"),
        ("report R2022 -o evaluation.pdf --chromium ./none", 2, "none"),
        ("report R2021 -o evaluation.md", 2, "did you mean R2022?"),
        ("report R2022 -o nowhere/evaluation.md", 2, "nowhere"),
    ] {
        let output = desk.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        assert!(said.contains(word), "{command}: {said}");
    }
    assert_eq!(fs::read_to_string(desk.path("mine.xlsx")).unwrap(), "mine");
}

#[test]
fn a_page_holds_its_entries_as_they_are_and_the_first_checkpoint_of_both_sides_that_covers_them() {
    let desk = Desk::reviewing();
    desk.close();
    desk.done("export -o all.jsonl");
    let entries = fs::read_to_string(desk.path("all.jsonl")).unwrap();
    let page = |name: &str| {
        desk.done(&format!("report R2022 -o {name}/one.html"));
        fs::read_to_string(desk.path(&format!("{name}/one.html"))).unwrap()
    };
    let size =
        |page: &str| held(page, "checkpoint").unwrap().lines().nth(1).unwrap().parse::<usize>().unwrap();
    for name in ["alone", "cosigned", "later"] {
        fs::create_dir(desk.path(name)).unwrap();
    }
    let alone = page("alone");
    assert_eq!(held(&alone, "entries").unwrap(), entries);
    assert_eq!(held(&alone, "checkpoint"), None, "what the ledger alone signs vouches for nothing");

    let go_on = |day: &str| {
        desk.done(&format!(
            "record progress 1.G2G.4 --as DK --lifecycle under_way --time 2023-03-{day}T08:00:00.000Z"
        ));
        for party in ["DK", "KR"] {
            desk.done(&format!("cosign --as {party}"));
        }
    };
    go_on("01");
    let cosigned = page("cosigned");
    assert_eq!(held(&cosigned, "entries").unwrap(), entries);
    assert_eq!(size(&cosigned), entries.lines().count() + 1);
    assert!(held(&cosigned, "checkpoint").unwrap().contains("KR/witness"));
    assert!(held(&cosigned, "consistency").is_some());
    go_on("02");
    assert!(page("later") == cosigned, "what vouches for a page stays the same");

    // One table alone rests on as much.
    desk.done("report R2022 -o status.html --section status");
    let alone = fs::read_to_string(desk.path("status.html")).unwrap();
    assert_eq!(held(&alone, "entries").unwrap(), entries);

    // Anybody verifies the entries of the page, and that none of them is missing.
    let verified = desk.done("verify cosigned/one.html");
    let last = entries.lines().count() - 1;
    assert!(verified.contains(&format!("complete up to entry {last}, if")), "{verified}");
    assert!(verified.contains("Nor that the page shows what its entries say"), "{verified}");
    assert!(!desk.done("verify").contains("Nor that the page"));
    let answered: Value = serde_json::from_str(&desk.done("--format json verify cosigned/one.html")).unwrap();
    assert_eq!(answered["complete"], answered["size"]);
    for (what, old, new, code) in [
        ("an entry", "\"limited\"", "\"Limited\"", 1),
        ("the checkpoint", "KR/witness-1 ", "KR/witness-1 A", 2),
        ("the proof", "<pre id=\"consistency\" hidden>\n", "<pre id=\"consistency\" hidden>\nAAAA\n", 2),
        ("no proof", "<pre id=\"consistency\" hidden>", "<pre id=\"other\" hidden>", 1),
        ("the last entry", "\n</pre>\n<script type", "</pre>\n<script type", 1),
        ("no entries", "<pre id=\"entries\" hidden>", "<pre hidden>", 2),
    ] {
        let (before, held) = cosigned.split_at(cosigned.find("<pre id=").unwrap());
        let changed = format!("{before}{}", held.replacen(old, new, 1));
        assert!(changed != cosigned, "{what}");
        fs::write(desk.path("changed.html"), changed).unwrap();
        let output = desk.run("verify changed.html");
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{what}: {said}");
    }
}

#[test]
fn a_page_asks_nobody_for_anything_and_no_text_becomes_a_mark() {
    let desk = Desk::reviewing();
    for note in ["</pre><script>alert(1)</script>", "</main><img/src=x/onerror=alert(1)>", "<!--"] {
        desk.done(&format!(
            "record progress 1.G2G.4 --as DK --lifecycle under_way --note {note} --time 2023-01-10T08:00:00.000Z"
        ));
    }
    desk.done("review propose R2022 1.G2G.4 amend --text </main><script>alert(1)</script> --as DK --reason So --time 2023-01-11T08:00:00.000Z");
    desk.done("review agree 1.G2G.4 --as KR --time 2023-01-12T08:00:00.000Z");
    desk.done("report R2022 -o one.html");
    let page = fs::read_to_string(desk.path("one.html")).unwrap();
    for (mark, count) in
        [("<script", 2), ("<main", 1), ("<img", 0), ("<link", 0), ("src=", 0), ("url(", 0), ("<!--", 0)]
    {
        let body = page.split_once("<body>").unwrap().1;
        assert_eq!(body.matches(mark).count(), count, "{mark}");
    }
    assert!(page.contains("default-src 'none'"));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let named: HashSet<&str> = ids.iter().copied().collect();
    assert!(ids.len() > 20 && named.len() == ids.len(), "an id stands for one thing: {ids:?}");
}

#[test]
fn labels_are_in_the_language_that_is_asked_for_and_the_plan_keeps_its_own_words() {
    let desk = Desk::reviewing();
    let text = |lang: &str| {
        desk.done(&format!("report R2022 -o {lang}.md --lang {lang}"));
        fs::read_to_string(desk.path(&format!("{lang}.md"))).unwrap()
    };
    let (english, danish, korean) = (text("en"), text("da"), text("ko"));
    assert!(danish.contains("## Vurderinger\n") && danish.contains("begrænset"), "{danish}");
    assert!(korean.contains("## 평가\n") && korean.contains("제한적"), "{korean}");
    for text in [&danish, &korean] {
        assert!(text.contains("=1+1\\|\\*bold\\*"));
        // Neither a heading nor a word was forgotten.
        for word in [
            "section-",
            "about-",
            "column-",
            "fact-",
            "word-",
            "phrase-",
            "page-",
            "substantial",
            "limited",
            "agreed",
        ] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        assert_eq!(text.lines().count(), english.lines().count());
    }
}

#[test]
fn as_json_it_is_what_its_schema_says_with_each_table_as_it_is_answered() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o evaluation.json --lang ko");
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let document = read(&fs::read_to_string(desk.path("evaluation.json")).unwrap());
    let schemas = schema::Schemas::load();
    assert_eq!(schemas.faults("documents/document.json", &document), Vec::<String>::new());
    let tables = |name: &str| {
        let mut sections = document["sections"].as_array().unwrap().iter();
        sections.find(|section| section["name"] == name).unwrap()["report"].clone()
    };
    for (name, command) in [
        ("status", "status --review R2022"),
        ("findings", "review show R2022"),
        ("criteria", "review show R2022 --criteria"),
    ] {
        assert_eq!(tables(name), read(&desk.done(&format!("--format json {command}"))), "{name}");
    }
    let mut lines = tables("results")["rows"].as_array().unwrap().clone();
    let all = lines.pop().unwrap();
    for word in ["actions", "different", "none", "limited"] {
        let sum: u64 = lines.iter().map(|line| line[word].as_u64().unwrap()).sum();
        assert_eq!(all[word], sum, "{word}");
    }
    // A table that is not what its name says is refused.
    let mut wrong = document.clone();
    wrong["sections"][0]["report"]["rows"][0]["more"] = 1.into();
    assert!(!schemas.admits("documents/document.json", &wrong));
}

#[test]
fn reasons_stand_in_a_report_as_far_as_its_reader_may_see_them() {
    let desk = Desk::reasoning();
    desk.done("review sign R2022 --as KR --note Signed --time 2023-02-01T08:00:00.000Z");
    let schemas = schema::Schemas::load();
    for (reader, seen, withheld) in [
        ("public", vec!["Public"], 8),
        ("parties", vec!["Declined", "Gladly", "Kept", "Parties", "Proposed", "Public", "Signed", "So"], 1),
        ("DK", vec!["Declined", "Gladly", "Kept", "Parties", "Proposed", "Public", "Signed", "So"], 1),
        ("KR", vec!["Declined", "Gladly", "Kept", "Own", "Parties", "Proposed", "Public", "Signed", "So"], 0),
    ] {
        let name = format!("{reader}.json");
        desk.done(&format!("report R2022 --for {reader} -o {name}"));
        let text = fs::read_to_string(desk.path(&name)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schemas.faults("documents/document.json", &document), Vec::<String>::new());
        let sections = document["sections"].as_array().unwrap();
        let reasons = &sections.iter().find(|section| section["name"] == "reasons").unwrap()["report"];
        let rows = reasons["rows"].as_array().unwrap();
        let mut told: Vec<&str> = rows.iter().filter_map(|row| row["reason"].as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, seen, "{reader}");
        assert_eq!(rows.iter().filter(|row| row["reason_withheld"] == true).count(), withheld, "{reader}");
        assert_eq!(
            reasons["facts"],
            json!({"for": reader, "given": seen.len(), "withheld": withheld, "erased": 1}),
            "{reader}"
        );
        let erased: Vec<&str> = rows.iter().filter_map(|row| row["reason_erased"].as_str()).collect();
        assert_eq!(erased, ["GDPR-17"], "{reader}");
        let unseen = ["Regretted", "Named"].iter().chain((reader != "KR").then_some(&"\"Own\""));
        assert!(unseen.into_iter().all(|word| !text.contains(word)), "{reader}");
    }
    desk.done("report R2022 -o without.html");
    assert!(!fs::read_to_string(desk.path("without.html")).unwrap().contains("Declined"));
    for (command, why) in [
        ("report R2022 -o x.csv --section reasons", "add --for"),
        ("report R2022 -o x.csv --section reasons --for XX", "XX is not a party"),
    ] {
        let refused = desk.run(command);
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8(refused.stderr).unwrap().contains(why));
    }
    desk.done("report R2022 -o reasons.csv --section reasons --for parties");
}

#[test]
fn a_report_says_what_its_codes_stand_for() {
    let desk = Desk::reviewing();
    desk.done("record succeed MSS MSIT --as KR --effective 2023-03 --time 2023-03-01T08:00:00.000Z");
    desk.done("report R2022 -o evaluation.json --section names");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(desk.path("evaluation.json")).unwrap()).unwrap();
    assert_eq!(schema::Schemas::load().faults("documents/document.json", &document), Vec::<String>::new());
    let table = &document["sections"][0]["report"];
    let rows = table["rows"].as_array().unwrap();
    let row = |code: &str| rows.iter().find(|row| row["code"] == code).unwrap();
    assert_eq!((&rows[0]["code"], &rows[0]["names"]), (&json!("DK"), &json!(["Kingdom of Denmark"])));
    let passed = row("MSS");
    assert_eq!(passed["names"], json!(["Ministry of SMEs and Startups", "중소벤처기업부"]));
    assert_eq!(
        [&passed["party"], &passed["successor"], &passed["effective"]],
        [&json!("KR"), &json!("MSIT"), &json!("2023-03")]
    );
    assert!(row("MSIT")["successor"].is_null());
    assert_eq!(table["facts"]["institutions"].as_u64().unwrap() + 2, rows.len() as u64);
    // No code of the report is left without its name.
    desk.done("report R2022 -o status.json --section status");
    let status: Value = serde_json::from_str(&fs::read_to_string(desk.path("status.json")).unwrap()).unwrap();
    let leads = status["sections"][0]["report"]["rows"].as_array().unwrap().iter();
    let leads: Vec<&str> =
        leads.flat_map(|row| row["leads"].as_array().unwrap()).map(|lead| lead.as_str().unwrap()).collect();
    assert!(leads.iter().all(|lead| rows.iter().any(|row| row["code"] == *lead)), "{leads:?}");
}

#[test]
fn a_report_has_the_bases_as_they_stood_and_when_its_review_was_opened_signed_and_closed() {
    let desk = Desk::agreeing();
    desk.done("report R2022 -o evaluation.json");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(desk.path("evaluation.json")).unwrap()).unwrap();
    assert_eq!(schema::Schemas::load().faults("documents/document.json", &document), Vec::<String>::new());
    let table = |name: &str| {
        let mut sections = document["sections"].as_array().unwrap().iter();
        sections.find(|section| section["name"] == name).unwrap()["report"].clone()
    };
    let bases = table("bases");
    assert_eq!(bases["facts"], json!({"bases": 20, "lapsed": 2}));
    let base = |name: &str| {
        let mut rows = bases["rows"].as_array().unwrap().iter();
        rows.find(|row| row["basis"] == name).unwrap().clone()
    };
    // As the plan has it, and over by then; as was said since; as was said of a time after the cut-off.
    let over = base("2.3");
    assert_eq!(
        [&over["state"], &over["expires"], &over["lapsed"]],
        [&json!("signed"), &json!("2021"), &json!(true)]
    );
    assert!(over["source"].is_null() && over["sequence"].is_u64());
    let said = base("2.1");
    assert_eq!(
        [&said["state"], &said["source"], &said["effective"]],
        [&json!("signed"), &json!("KR"), &json!("2021-09")]
    );
    assert!(!said["resting"].as_array().unwrap().is_empty() && said["lapsed"] == false);
    let gone = base("1.1");
    assert_eq!(
        [&gone["state"], &gone["source"], &gone["lapsed"]],
        [&json!("lapsed"), &json!("DK"), &json!(true)]
    );
    assert!(base("1.2")["source"].is_null(), "it lapsed after the cut-off");
    let course = table("course");
    let told =
        |row: &Value| ["said", "source", "recorded_on"].map(|name| row[name].as_str().unwrap().to_owned());
    let steps: Vec<[String; 3]> = course["rows"].as_array().unwrap().iter().map(told).collect();
    let expected = [
        ["opens the review", "DK", "2023-01-09"],
        ["signs the review", "DK", "2023-02-01"],
        ["signs the review", "KR", "2023-02-02"],
        ["closes the review", "KR", "2023-02-03"],
    ];
    assert_eq!(steps, expected.map(|step| step.map(str::to_owned)));
    assert!(course["rows"][1]["key"].as_str().unwrap().starts_with("DK/authority-1+"));
    // Before anybody signs there is the opening alone, and in every language the same rows.
    let open = Desk::reviewing();
    open.done("report R2022 -o course.csv --section course --lang ko");
    assert_eq!(fs::read_to_string(open.path("course.csv")).unwrap().lines().count(), 2);
}

#[test]
fn what_was_found_is_counted_and_shown_of_the_actions_as_they_stood() {
    let desk = Desk::reviewing();
    let added = json!({
        "ref": "1.G2G.99", "line": 1, "track": "G2G", "text": "A new one.", "kind": "deliverable", "firmness": "will",
        "institutions": [], "basis": [], "notes": []
    });
    fs::write(desk.path("added.json"), added.to_string()).unwrap();
    let time = "--time 2023-01-10T08:00:00.000Z";
    desk.done(&format!("review propose R2022 1.G2G.99 add --action added.json --as DK --reason New {time}"));
    desk.done("report R2022 -o evaluation.json");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(desk.path("evaluation.json")).unwrap()).unwrap();
    let table = |name: &str| {
        let mut sections = document["sections"].as_array().unwrap().iter();
        sections.find(|section| section["name"] == name).unwrap()["report"].clone()
    };
    // 69 actions stood, of one of which the text was amended by the review; the proposed one is listed.
    let findings = table("findings");
    let rows = findings["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &findings["facts"]["actions"]), (70, &json!(69)));
    let counted = ["different", "none", "one_sided", "same"]
        .map(|word| findings["facts"][format!("found_{word}")].as_u64().unwrap());
    assert_eq!(counted.iter().sum::<u64>(), 69);
    assert_eq!(table("results")["facts"]["actions"], 69);
    let of = |name: &str| rows.iter().find(|row| row["action"] == name).unwrap();
    let amended = of("1.G2G.3");
    assert_ne!(amended["text"], "=1+1|*bold*", "it is of the text as it stood");
    assert!(amended["decisions"].as_array().unwrap().len() == 1 && of("1.G2G.99")["text"] == "A new one.");
    // A number that two tables have in common is said of each.
    desk.done("report R2022 -o evaluation.md");
    let text = fs::read_to_string(desk.path("evaluation.md")).unwrap();
    let criteria = text.split("\n## ").find(|part| part.starts_with("Criteria")).unwrap();
    assert!(criteria.contains("Found the same") && criteria.contains("Nothing found"), "{criteria:.600}");
}

#[test]
fn one_table_is_rows_for_a_spreadsheet_with_a_mark_where_it_asks_for_one() {
    let desk = Desk::reviewing();
    desk.done("report R2022 -o plain.csv --section findings");
    desk.done("report R2022 -o marked.csv --section findings --bom");
    let (plain, marked) =
        (fs::read(desk.path("plain.csv")).unwrap(), fs::read(desk.path("marked.csv")).unwrap());
    assert_eq!(marked.strip_prefix(b"\xEF\xBB\xBF"), Some(plain.as_slice()));
    let text = String::from_utf8(plain).unwrap();
    assert_eq!(text.lines().count(), 70);
    assert!(text.starts_with("action,joint,lifecycle,DK_finding,"), "{text}");
}
