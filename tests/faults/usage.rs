//! Wrong arguments and malformed files: each is answered with what was expected, and nothing is recorded.

use super::place::{PLAN, PROGRESS, Place, files, lines, pipe};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

/// The arguments after `record progress 1.G2G.1 --as KR`.
fn progress<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["record", "progress", "1.G2G.1", "--as", "KR"], more].concat()
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_or_those_that_there_are() {
    let place = Place::founded();
    let record =
        |text: &'static str| format!("record {text}").split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (arguments, code, words) in [
        (
            "progress 1.g2g.1 --as KR --lifecycle under_way",
            1,
            &["no action 1.g2g.1", "did you mean 1.G2G.1?"][..],
        ),
        (
            "progress 1.G2G.1O --as KR --lifecycle under_way",
            1,
            &["no action 1.G2G.1O", "did you mean 1.G2G.1?"],
        ),
        ("progress nothing-like-it --as KR --lifecycle under_way", 1, &["no action nothing-like-it"]),
        ("progress 1/../2 --as KR --lifecycle under_way", 2, &["1/../2"]),
        ("assign 1.G2G.1 MSTI --as KR", 1, &["no institution MSTI", "did you mean MSIT?"]),
        ("assign 1.G2G.1 DKMA --as KR", 1, &["no institution DKMA"]),
        ("progress 1.G2G.1 --as KO --lifecycle under_way", 2, &["KO"]),
        (
            "progress 1.G2G.1 --as KR/MSTI --lifecycle under_way",
            2,
            &["no institution MSTI", "did you mean MSIT?"],
        ),
        ("progress 1.G2G.1 --as K:R --lifecycle under_way", 2, &["`K:R` is nobody", "such as KR"]),
        ("progress 1.G2G.1 --as KR --lifecycle underway", 2, &["underway", "under_way"]),
        ("confirm 1.G2G.1 --as DK --word 9999", 2, &["no entry", "9999"]),
        ("confirm 1.G2G.1 --as DK --word it", 2, &["`it` is not a word", "sequence or the id"]),
        ("confirm 1.G2G.3 --as DK", 2, &["1.G2G.3", "no word to answer"]),
        ("progres 1.G2G.1", 2, &["progress"]),
    ] {
        place.refused(record(arguments), code, words);
    }
    place.refused(["show", "1.G2G.1O"], 2, &["no action 1.G2G.1O", "did you mean 1.G2G.1?"]);
    place.refused(["status", "--line", "99"], 2, &["no line 99"]);
    place.refused(["status", "--institution", "MSTI"], 2, &["no institution MSTI", "did you mean MSIT?"]);
    place.refused(["init", PLAN, "--as", "XX", "--ledger", "new"], 2, &["XX is not a party", "DK, KR"]);
}

#[test]
fn an_action_and_a_review_go_by_the_names_of_their_streams_as_well() {
    let place = Place::founded();
    let one = "actions/1.G2G.1";
    place.done(["record", "progress", one, "--as", "KR", "--lifecycle", "under_way"]);
    place.done(["record", "confirm", one, "--as", "DK"]);
    place.done(["review", "open", "reviews/R1", "--cutoff", "2023-12-31", "--as", "DK"]);
    place.done(["review", "assess", "reviews/R1", one, "--finding", "limited", "--as", "KR"]);
    for command in [
        &["show"][..],
        &["timeline"],
        &["replay"],
        &["--format", "json", "evidence", "check"],
        &["diff", "120", "126", "--action"],
        &["disclose", "--for", "parties"],
    ] {
        let both = [one, "1.G2G.1"].map(|name| place.done([command, &[name]].concat()));
        assert_eq!(both[0], both[1], "{command:?}");
    }
    assert_eq!(place.done(["status", "--review", "reviews/R1"]), place.done(["status", "--review", "R1"]));
    place.refused(["show", "actions/1.G2G.1O"], 2, &["no action 1.G2G.1O", "did you mean 1.G2G.1?"]);
    place.refused(["review", "show", "actions/R1"], 2, &["actions/R1"]);
}

#[test]
fn a_word_without_a_date_is_in_no_reading_before_it_is_true_and_a_time_that_is_not_taken_is_told() {
    let place = Place::founded();
    let at = |day: &str| format!("{day}T09:00:00.000Z");
    place.done(
        [
            &progress(&["--effective", "2027-03", "--lifecycle", "under_way"])[..],
            &["--time", &at("2027-03-02")],
        ]
        .concat(),
    );
    place.done(["record", "confirm", "1.G2G.1", "--as", "DK", "--time", &at("2027-05-01")]);
    let shown = |day: &str| place.done(["timeline", "1.G2G.1", "--effective", day]).contains("confirmed");
    // It is true since what it confirms is.
    assert!(!shown("2027-02-28") && shown("2027-03-01"));
    let late =
        place.annals([&progress(&["--lifecycle", "under_way"])[..], &["--time", &at("2027-04-01")]].concat());
    assert!(late.code == Some(0) && late.err.contains("recorded as of 2027-05-01T09:00:00.000Z"), "{late:?}");
}

#[test]
fn a_correlation_is_a_text_on_one_line() {
    let place = Place::founded();
    for text in ["", "one\ntwo", "one\ttwo"] {
        let said = progress(&["--lifecycle", "under_way", "--correlation", text]);
        place.refused(said, 2, &["`correlationid`", "not empty", "line break"]);
    }
}

#[test]
fn a_key_that_is_named_without_its_id_is_told_with_it() {
    let place = Place::founded();
    for (said, code) in [
        ("key revoke DK/authority-1 --as DK", 1),
        ("record progress 1.G2G.1 --as DK --lifecycle under_way --key DK/authority-1", 2),
        ("key register DK/authority-1 --role authority --as DK", 2),
    ] {
        let words =
            ["`DK/authority-1` is not the whole id of a key", "give the whole id, such as DK/authority-1+"];
        place.refused(said.split(' '), code, &words);
    }
}

const ID: &str = "0179c6cd-1680-7000-8000-000000000001";

#[test]
fn a_request_that_is_signed_again_under_its_id_is_put_into_a_file_once() {
    let place = Place::founded();
    let requests = place.path("requests.jsonl");
    let request = |lifecycle: &str| {
        let said = "request progress 1.G2G.1 1.G2G.2 --as KR --note Begun -o requests.jsonl --lifecycle";
        place.annals(format!("{said} {lifecycle} --id {ID}").split(' '))
    };
    let held = || fs::read_to_string(&requests).unwrap();
    assert_eq!(request("under_way").code, Some(0));
    let (both, first) = (held(), held().lines().next().unwrap().to_owned() + "\n");
    let again = request("under_way");
    let told = String::from_utf8(again.out).unwrap();
    assert!(again.code == Some(0) && told.starts_with("requests.jsonl holds the same already"), "{told}");
    assert!(told.contains(ID) && held() == both, "{told}");
    // What says something else under this id is refused, and what is lacking is completed.
    request("completed").says(2, &[ID, "says something else", "another id"]);
    assert_eq!(held(), both);
    fs::write(&requests, &first).unwrap();
    let told = String::from_utf8(request("under_way").out).unwrap();
    assert!(told.starts_with("signed, and added to requests.jsonl, where 1 were already"), "{told}");
    assert_eq!((held().lines().count(), held().starts_with(&first)), (2, true));
    // One that its author has not signed is none.
    fs::write(&requests, first.replace("under_way", "suspended")).unwrap();
    assert_eq!((request("under_way").code, held().lines().count()), (Some(0), 3));
}

#[test]
fn where_a_request_cannot_be_added_whole_nothing_of_it_is() {
    let place = Place::founded();
    let (requests, limit) = (place.path("requests.jsonl"), 1 << 26);
    let request = progress(&["--lifecycle", "under_way", "-o", "requests.jsonl"]);
    let request: Vec<&str> = std::iter::once("request").chain(request.into_iter().skip(1)).collect();
    // There is room for a hundred bytes more.
    fs::File::create(&requests).unwrap().set_len(limit - 100).unwrap();
    place.annals_within(limit, &request).says(2, &["requests.jsonl", "cannot be written"]);
    assert_eq!(fs::metadata(&requests).unwrap().len(), limit - 100);
}

#[test]
fn a_party_that_is_none_is_not_told_to_register_a_key() {
    let place = Place::founded();
    place.refused("record progress 1.G2G.1 --as KO --note x".split(' '), 2, &["KO", "party", "KR"]);
}

#[test]
fn an_impossible_value_is_answered_with_what_is_expected() {
    let place = Place::founded();
    let date = "is not a date: a real day, month or year is expected";
    let instant = "an instant such as 2021-04-14T09:30:00.000Z is expected";
    for (arguments, code, words) in [
        (&["--effective", "2022-02-30"][..], 2, &["2022-02-30", date][..]),
        (&["--effective", "2022-13"], 2, &["2022-13", date]),
        (&["--effective", "99999-01-01"], 2, &["99999-01-01", date]),
        (&["--effective", ""], 2, &[date]),
        (&["--time", "2021-02-30T00:00:00.000Z", "--note", "x"], 2, &[instant]),
        (&["--time", "yesterday", "--note", "x"], 2, &[instant]),
        (&["--id", "123", "--note", "x"], 2, &["--id"]),
        (&["--lifecycle", "completed"], 1, &["needs evidence", "--evidence FILE"]),
        (&["--lifecycle", "discontinued"], 1, &["discontinued", "review"]),
        (&["--health", "at_risk"], 2, &["--note"]),
        (&["--indicator", "visits"], 2, &["NAME=VALUE", "visits=3"]),
        (&["--indicator", "visits=some"], 2, &["`some` is no value", "a decimal number"]),
        (&["--indicator", "visits=1,5"], 2, &["`1,5` is no value", "3.5"]),
        (&["--indicator", "visits=1234567890123456789"], 2, &["is no value", "18 digits"]),
        (&["--indicator", "=5"], 2, &["a name is missing"]),
        (&["--indicator", "visits=5:"], 2, &["a unit is missing"]),
        (&["--indicator", "vi\nsits=5"], 2, &["on one line"]),
        (&["--indicator", "e\u{301}=1", "--indicator", " \u{e9} =2"], 2, &["\u{e9}", "given twice"]),
        (&["--occurrence", "held"], 2, &["--window"]),
        (&["--evidence", "nothere.pdf"], 2, &["nothere.pdf", "cannot be read"]),
        (&["--audience", "XX", "--note", "x"], 1, &["XX", "not a party"]),
        (&[], 1, &["says nothing"]),
    ] {
        place.refused(progress(arguments), code, words);
    }
    place.refused(["status", "--recorded", "2022-02-30"], 2, &["2022-02-30"]);
    place.refused(["status", "--at", "9999"], 2, &["no entry", "9999"]);
    place.refused(["replay", "--to", "then"], 2, &["then", "a day such as 2022-12-31"]);
}

#[test]
fn an_id_that_no_entry_can_have_is_not_recorded() {
    let place = Place::founded();
    for id in ["00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"] {
        place.refused(progress(&["--note", "x", "--id", id]), 2, &["version 7"]);
    }
    place.done(["verify"]);
}

#[test]
fn a_text_that_cannot_be_recorded_is_refused_with_what_is_wrong_with_it() {
    let place = Place::founded();
    let (long, longer) = ("x".repeat(40_000), "x".repeat(100_000));
    for (note, words) in [
        ("a bell \u{7}", &["U+0007", "control characters"][..]),
        ("an escape \u{1b}[31m", &["U+001B"]),
        ("a return\r", &["U+000D"]),
        ("no character \u{fffe}", &["U+FFFE"]),
        ("", &["empty"]),
        (&long, &["40000 bytes", "32768 are allowed", "shorten it"]),
        (&longer, &["`note`", "shorten it"]),
    ] {
        place.refused(progress(&["--note", note]), 2, words);
    }
    place.refused(progress(&["--note", "x", "--correlation", &longer]), 2, &["bytes", "shorten"]);
    place.refused(["record", "contest", "1.G2G.1", "--as", "DK", "--reason", "\u{7}"], 2, &["U+0007"]);
    let bytes = |text: &str| OsString::from(text);
    let mut arguments: Vec<OsString> = progress(&["--note"]).into_iter().map(bytes).collect();
    arguments.push(OsString::from_vec(b"not \xff UTF-8".to_vec()));
    place.refused(arguments, 2, &["UTF-8"]);
    place.done(progress(&["--note", "tabs\tand\nnewlines, 한국어 and Ærø are fine"]));
}

#[test]
fn a_name_of_a_file_that_is_no_unicode_is_told_as_far_as_it_can_be() {
    let place = Place::founded();
    for (said, name) in [
        ("publish", &b"log \xff"[..]),
        ("sheet out --as KR -o", b"\xff.xlsx"),
        ("request progress 1.G2G.2 --as KR --note x -o", b"requests \xff"),
        ("iati --org DK-CVR-1 --org-type 10 --org-name x -o", b"\xff.xml"),
        ("evidence add", b"file \xff"),
    ] {
        let name = OsString::from_vec(name.to_vec());
        if said == "evidence add" {
            fs::write(place.folder.path().join(&name), "a file").unwrap();
        }
        let arguments = format!("--format json {said}");
        let arguments = arguments.split(' ').map(OsString::from).chain([name]);
        let told = place.done(arguments);
        assert!(told.contains('\u{fffd}'), "{said}: {told}");
        serde_json::from_str::<serde_json::Value>(&told).unwrap();
    }
}

#[test]
fn a_name_of_a_file_that_would_look_like_a_line_of_an_answer_is_refused() {
    let place = Place::founded();
    for (name, told) in
        [("a.txt\nlifecycle  completed", "a.txt\\nlifecycle"), ("\u{1b}[31m.txt", "\\u{1b}[31m.txt: ")]
    {
        fs::write(place.path(name), "a file").unwrap();
        place.refused(["evidence", "add", name], 2, &[told, "rename it"]);
        place.refused(progress(&["--evidence", name]), 2, &[told, "rename it"]);
    }
}

#[test]
fn a_folder_and_nothing_in_the_place_of_a_file_are_told_with_a_remedy() {
    let place = Place::founded();
    fs::create_dir(place.path("folder")).unwrap();
    for command in
        ["disclose --take", "mirror --ledger new", "bundle restore --ledger new", "import", "evidence add"]
    {
        let of = |name: &str| command.split(' ').chain([name]).map(str::to_owned).collect::<Vec<_>>();
        place.refused(of("nothere.file"), 2, &["nothere.file: cannot be read", "check its name"]);
        if !command.starts_with("mirror") {
            place.refused(of("folder"), 2, &["folder: cannot be read"]);
        }
    }
    assert!(!place.path("new").exists());
}

#[test]
fn where_standard_error_cannot_be_written_the_code_says_what_became_of_it() {
    let place = Place::founded();
    assert_eq!(place.annals_unheard(["verify", "nothere"]).code, Some(2));
    assert_eq!(place.annals_unheard(progress(&[])).code, Some(1));
    // What is healed is said, and nothing is lost where it cannot be.
    fs::remove_dir_all(place.ledger.join("sled")).unwrap();
    let answer = place.annals_unheard(progress(&["--note", "x"]));
    assert!(answer.code == Some(0) && answer.out.starts_with(b"recorded at sequence"), "{answer:?}");
}

#[test]
fn a_name_has_one_language_once() {
    let place = Place::founded();
    let names = ["record", "institution", "X", "--as", "DK", "--name", "en=First", "--name", "en=Second"];
    place.refused(names, 2, &["two names are given in the language en"]);
}

#[test]
fn what_was_said_last_of_something_due_is_called_what_it_is() {
    let place = Place::founded();
    for (said, told) in [
        ("--indicator visits=3", "KR: indicators"),
        ("--note Talks", "KR: a note or files"),
        ("--health on_track --indicator visits=4 --note Talks", "KR: on track; indicators"),
    ] {
        place.done(format!("record progress 1.G2G.3 --as KR {said}").split(' '));
        let due = place.done(["due", "--line", "1", "--today", "2022-02-01"]);
        assert!(due.contains(told), "{told}: {due}");
    }
}

#[test]
fn a_review_of_a_day_that_is_not_over_is_told_what_it_leaves_out() {
    let opened = |place: &Place, review: &str, arguments: &[&str], told: bool| {
        let open = ["review", "open", review, "--as", "DK", "--from", "2021", "--cutoff"];
        let answer = place.annals(open.iter().chain(arguments));
        let said = answer.err.contains(&format!("{} is not over everywhere", arguments[0]));
        assert_eq!((answer.code, said), (Some(0), told), "{arguments:?}: {answer:?}");
    };
    // Where its authors tell the time.
    let place = Place::founded();
    opened(&place, "R1", &["2021-05-11"], false);
    let place = Place::empty();
    let init =
        ["init", PLAN, "--as", "DK", "--both-sides", "--illustrative", "--time", "2021-05-11T08:00:00.000Z"];
    place.done(init);
    opened(&place, "R1", &["2021-05-11", "--axis", "effective", "--time", "2021-05-11T09:00:00.000Z"], false);
    opened(&place, "R2", &["2021-05-11", "--time", "2021-05-11T09:00:00.000Z"], true);
    opened(&place, "R3", &["2021-05-11", "--time", "2021-05-12T09:00:00.000Z"], false);
    // Where this computer's clock does, whatever the author says.
    let place = Place::empty();
    place.done(["init", PLAN, "--as", "DK", "--both-sides"]);
    let today = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Copenhagen).date_naive().to_string();
    opened(&place, "R1", &[&today, "--axis", "effective"], false);
    opened(&place, "R2", &[&today], true);
    opened(&place, "R3", &[&today, "--time", "2021-05-12T09:00:00.000Z"], true);
}

/// Whatever became of the plan since.
#[test]
fn whoever_takes_part_is_told_so_though_the_plan_is_another_by_now() {
    let place = Place::founded();
    let mut plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    plan["actions"][0]["text"] = json!("Something else.");
    fs::write(place.path("other.json"), plan.to_string()).unwrap();
    place.refused(["accede", "--as", "KR", "--plan", "other.json"], 1, &["KR takes part already"]);
}

#[test]
fn a_file_that_is_larger_than_any_is_not_read_to_its_end() {
    let place = Place::founded();
    for (arguments, limit) in [
        (["init", "/dev/zero", "--as", "DK", "--ledger", "another"].as_slice(), "16777216"),
        (&["import", "/dev/zero"], "268435456"),
        (&["policy", "adopt", "/dev/zero", "--as", "DK"], "1000000"),
    ] {
        place.refused(arguments.iter(), 2, &["is it the right file?", "longer than", limit]);
    }
    for address in ["ftp://a.example/log", "file:///etc"] {
        place.refused(["mirror", address, "--ledger", "another"], 2, &["is not the address of a log"]);
    }
}

#[test]
fn words_of_others_neither_command_a_terminal_nor_turn_round_what_follows() {
    let place = Place::founded();
    let strange = ['\u{9b}', '\u{7f}', '\u{202e}', '\u{2066}'];
    let shown = |text: &str| assert!(!text.contains(strange), "{text:?}");
    // A checkpoint of another log, whose origin is anything.
    let kept = files(&place.ledger.join("checkpoints")).into_values().next().unwrap();
    let kept = String::from_utf8(kept).unwrap();
    let (_, rest) = kept.split_once('\n').unwrap();
    fs::write(place.path("other.txt"), format!("a\u{9b}2J\u{202e}b\u{7f}\n{rest}")).unwrap();
    let refused = place.annals(["checkpoint", "--take", "other.txt"]);
    assert!(
        refused.code != Some(0) && refused.err.contains("a\\u{9b}2J\\u{202e}b\\u{7f}"),
        "{}",
        refused.err
    );
    shown(&refused.err);
    // What a party says may hold marks of direction: machines get them as they are, people see them.
    let said = "said \u{202e}deliaf\u{202c} \u{2066}so\u{2069}";
    place.done(progress(&["--note", said]));
    let table = place.done(["timeline", "1.G2G.1"]);
    assert!(table.contains("said \\u{202e}deliaf"), "{table}");
    shown(&table);
    let answer = place.done(["--format", "json", "timeline", "1.G2G.1"]);
    assert!(answer.contains(said), "{answer}");
}

#[test]
fn a_key_that_is_not_held_or_speaks_for_others_signs_nothing() {
    let mut place = Place::founded();
    for (key, code, words) in [
        (
            "KR/coordinator-1+00000000",
            2,
            &["KR/coordinator-1+00000000", "is not here", "annals key list"][..],
        ),
        ("../../keys/KR", 2, &["cannot be the name of a key"]),
        (&held(&place, "DK/coordinator"), 1, &["speaks for parties/DK"]),
        (&held(&place, "KR/authority"), 1, &["authority"]),
    ] {
        place.refused(progress(&["--note", "x", "--key", key]), code, words);
    }
    let path = place.path("keys").join(format!("{}.pem", held(&place, "KR/coordinator")));
    let pem = fs::read(&path).unwrap();
    fs::write(&path, "no key").unwrap();
    place.refused(progress(&["--note", "x"]), 2, &["KR/coordinator", "PKCS#8"]);
    fs::remove_file(&path).unwrap();
    place.refused(progress(&["--note", "x"]), 2, &["coordinator keys of KR", "--keys DIR"]);
    fs::write(&path, pem).unwrap();
    place.done(progress(&["--note", "x"]));
    place.ledger = place.path("elsewhere");
    place.refused(progress(&["--note", "x"]), 2, &["elsewhere", "no ledger is here", "annals init"]);
}

/// The id of the first key whose name begins so.
fn held(place: &Place, name: &str) -> String {
    let list = place.done(["key", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let keys = list["keys"].as_array().unwrap().iter().map(|key| key["vkey"].as_str().unwrap());
    let vkey = keys.into_iter().find(|vkey| vkey.starts_with(name)).unwrap();
    vkey.splitn(3, '+').take(2).collect::<Vec<_>>().join("+")
}

const HEAD: &str = "\"as\":\"KR\",\"subject\":\"actions/1.G2G.3\",\"type\":\"annals.action.progressed.v1\",\
                    \"time\":\"2022-06-01T08:00:00.000Z\"";

#[test]
fn a_request_that_is_none_is_named_by_its_line_and_its_place() {
    let place = Place::founded();
    let request = |more: &str| format!("{{{HEAD},{more}}}").into_bytes();
    let data = "\"data\":{\"effective\":\"2022\",\"lifecycle\":\"under_way\"}";
    let with = |more: &str| request(&format!("\"data\":{{\"effective\":\"2022\",{more}}}"));
    let long = format!("\"note\":\"{}\"", "x".repeat(40_000));
    for (line, words) in [
        (request(&format!("{data},\"colour\":\"red\"")), &["unknown field `colour`"][..]),
        (with("\"lifecycle\":\"under_way\",\"colour\":\"red\""), &["colour"]),
        (with("\"effective\":\"2023\",\"lifecycle\":\"under_way\""), &["`effective`", "twice"]),
        (with("\"lifecycle\":\"underway\""), &["underway", "under_way"]),
        (
            request("\"data\":{\"effective\":\"2022-02-31\",\"lifecycle\":\"under_way\"}"),
            &["2022-02-31", "not a date"],
        ),
        (with("\"note\":\"a bell \\u0007\""), &["U+0007"]),
        (with("\"note\":\"half a pair \\ud800\""), &["line 1"]),
        (with(&long), &["40000 bytes", "32768 are allowed"]),
        (b"not JSON".to_vec(), &["line 1"]),
        (b"[]".to_vec(), &["line 1"]),
        (b"{\"request\":{}}".to_vec(), &["`request` is not a signed event"]),
        (b"{\"request\":{},\"colour\":1}".to_vec(), &["unknown field `colour`"]),
        ("[".repeat(5_000).into_bytes(), &["recursion limit"]),
        (b"\xff\xfe".to_vec(), &["UTF-8"]),
        (vec![0; 1_000], &["line 1"]),
        (vec![b'x'; 2_000_000], &["at most 1 MB"]),
    ] {
        fs::write(place.path("requests.jsonl"), line).unwrap();
        place.refused(["import", "requests.jsonl"], 2, &[words, &["requests.jsonl", "line 1"]].concat());
    }
    place.refused(["import", "nothere.jsonl"], 2, &["nothere.jsonl", "cannot be read"]);
    for (name, bytes) in [("list.csv", &b"ref,status\n1.G2G.1,done\n"[..]), ("list", b"PK\x03\x04")] {
        fs::write(place.path(name), bytes).unwrap();
        place.refused(["import", name], 2, &[name, "line 1", "annals sheet in"]);
        place.refused(["answer", name, "--for", "KR", "-o", "answer.bundle"], 2, &[name, "annals sheet in"]);
        assert!(!place.path("answer.bundle").exists());
    }
}

#[test]
fn the_lines_before_one_that_is_refused_are_recorded_if_the_answer_says_so() {
    let place = Place::founded();
    let line = |note: &str| format!("{{{HEAD},\"data\":{{\"effective\":\"2022\",\"note\":\"{note}\"}}}}\n");
    for (last, code) in [
        ("not JSON\n".to_owned(), 2),
        ("{\"request\":{}}\n".to_owned(), 2),
        // What no event of its type can say is known before any rule is asked.
        (format!("{{{HEAD},\"data\":{{\"effective\":\"2022\",\"lifecycle\":\"done\"}}}}\n"), 2),
    ] {
        fs::write(place.path("requests.jsonl"), [line("one"), line("two"), last].concat()).unwrap();
        let before = lines(&place.export());
        let answer = place.annals(["import", "requests.jsonl"]);
        answer.says(code, &["requests.jsonl", "line 3"]);
        let recorded = lines(&place.export()) - before;
        let said = answer.err.contains("the lines before are recorded");
        assert_eq!(recorded, if said { 2 } else { 0 }, "{}", answer.err);
    }
}

#[test]
fn a_plan_that_is_none_makes_no_ledger() {
    let mut place = Place::empty();
    place.ledger = place.path("new");
    for (plan, words) in [
        (&b"\xff"[..], &["not UTF-8 from byte 0"][..]),
        (b"", &["not a plan document"]),
        (b"{}", &["not a plan document", "missing field `id`"]),
        (b"[[[", &["not a plan document"]),
    ] {
        fs::write(place.path("plan.json"), plan).unwrap();
        let answer = place.annals(["init", "plan.json", "--as", "DK", "--both-sides"]);
        answer.says(2, &[&["plan.json"], words].concat());
        assert!(!place.ledger.exists() && !place.path("keys").exists());
    }
}

#[test]
fn an_action_of_a_hundred_thousand_windows_is_read_all_the_same() {
    let mut place = Place::empty();
    place.ledger = place.path("new");
    let mut plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    plan["period"] = json!({"start": "0001", "end": "9999"});
    let actions = plan["actions"].as_array_mut().unwrap();
    actions.truncate(1);
    (actions[0]["kind"], actions[0]["cycle"]) = (json!("recurring"), json!("P1M"));
    fs::write(place.path("plan.json"), plan.to_string()).unwrap();
    place.done(["init", "plan.json", "--as", "DK", "--both-sides", "--illustrative"]);
    for command in [&["status"][..], &["due"], &["inbox", "--as", "KR"]] {
        let answer = place.annals_in_time(command);
        assert_eq!(answer.code, Some(0), "{command:?}: {}", answer.err);
    }
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let place = Place::founded();
    for text in [&b"ledger = ["[..], b"colour = 1", b"\xff"] {
        fs::write(place.path("annals.toml"), text).unwrap();
        let answer = place.annals(["status"]);
        assert!(matches!(answer.code, Some(2 | 3)) && answer.err.contains("annals.toml"), "{answer:?}");
    }
    fs::remove_file(place.path("annals.toml")).unwrap();
    pipe(&place.path("annals.toml"));
    place.annals_in_time(["status"]).says(2, &["annals.toml", "no file"]);
}

#[test]
fn what_is_postponed_has_its_window_and_what_is_put_forward_is_so_once() {
    let place = Place::founded();
    let progress = ["record", "progress", "1.G2G.1", "--as", "KR"];
    let postponed = [&progress[..], &["--occurrence", "postponed", "--date", "2021-09-05"]].concat();
    place.refused(postponed.iter(), 2, &["which occurrence is postponed", "--window"]);
    fs::write(place.path("one.pdf"), "minutes").unwrap();
    fs::write(place.path("two.pdf"), "minutes").unwrap();
    let twice =
        [&progress[..], &["--lifecycle", "under_way", "--evidence", "one.pdf", "--evidence", "two.pdf"]];
    place.refused(twice.concat(), 2, &["two.pdf is the same file as one.pdf"]);
}

#[test]
fn what_is_held_on_the_date_that_a_window_was_given_counts_for_that() {
    let place = Place::founded();
    let held = |party: &str, more: &[&str]| {
        let command = ["record", "progress", "1.G2G.3", "--as", party, "--occurrence"];
        let answer = place.annals([&command[..], more].concat());
        (answer.code, answer.err)
    };
    assert_eq!(
        held("KR", &["postponed", "--window", "2021", "--date", "2022-02", "--effective", "2021-12"]).0,
        Some(0)
    );
    for party in ["KR", "DK"] {
        let (code, told) = held(party, &["held", "--date", "2022-02-10"]);
        assert!(code == Some(0) && told.contains("the date of the window 2021 of 1.G2G.3"), "{told}");
    }
    let (code, told) = held("DK", &["held", "--date", "2022-06-10"]);
    assert!(code == Some(0) && !told.contains("counts for"), "{told}");
    let windows = place.done(["status", "--format", "csv"]);
    let row = windows.lines().find(|line| line.contains("1.G2G.3,")).unwrap().to_owned();
    assert!(row.contains("2021 held; 2022 held; 2023 missed; 2024 missed"), "{row}");
    for (state, window) in [("planned", "2023"), ("confirmed", "2024")] {
        held("KR", &[state, "--window", window, "--date", "2024-03-01", "--effective", "2023"]);
    }
    let (code, told) = held("KR", &["held", "--date", "2024-03-01"]);
    assert!(code == Some(2) && told.contains("2023 and 2024") && told.contains("--window"), "{told}");
    assert_eq!(held("KR", &["held", "--date", "2024-03-01", "--window", "2024"]).0, Some(0));
    held("KR", &["postponed", "--window", "2021", "--date", "2022", "--effective", "2022-07"]);
    let (code, told) = held("KR", &["held", "--date", "2022-09-10"]);
    assert!(code == Some(0) && !told.contains("counts for"), "a year is no date of one alone: {told}");
    let once =
        ["record", "progress", "2.TRA.2", "--as", "KR", "--occurrence", "held", "--date", "2022-06-10"];
    place.refused(once, 2, &["2.TRA.2 has no cycle", "--window 2022"]);
    place.refused(["record", "confirm", "2.TRA.2", "--as", "DK"], 2, &["nobody has asserted anything"]);
}

#[test]
fn an_occurrence_stands_in_the_calendar_on_the_date_that_it_was_given() {
    let place = Place::founded();
    for (state, window, date) in [("postponed", "2021", "2022-02-10"), ("confirmed", "2022", "2022-09-05")] {
        let said = ["--occurrence", state, "--window", window, "--date", date, "--effective", "2021-12"];
        place.done([&["record", "progress", "1.G2G.3", "--as", "KR"][..], &said].concat());
    }
    let feed = place.done(["calendar", "--within", "2y", "--today", "2022-01-01"]);
    let events = |wanted: &str| -> Vec<String> {
        let own = feed.split("BEGIN:VEVENT").filter(|event| event.contains("UID:actions/1.G2G.3/"));
        let lines = own.flat_map(|event| event.lines().filter(|line| line.starts_with(wanted)));
        lines.map(|line| line[wanted.len()..].to_owned()).collect()
    };
    assert_eq!(events("DTSTART;VALUE=DATE:"), ["20220210", "20220905", "20231231"]);
    assert_eq!(events("SUMMARY:1.G2G.3: "), ["2021\\, new date", "2022 confirmed", "window 2023 closes"]);
}

#[test]
fn an_answer_without_a_word_says_which_it_answers() {
    let place = Place::founded();
    place.done(PROGRESS);
    let told = place.done(["record", "confirm", "1.G2G.2", "--as", "DK", "--dry-run"]);
    assert!(told.contains("It answers entry 126, of KR: under way"), "{told}");
    let told = place.done(["record", "confirm", "1.G2G.2", "--as", "DK"]);
    assert!(told.contains("It answers entry 126, of KR: under way"), "{told}");
}

#[test]
fn a_file_in_the_place_of_a_fork_is_no_fork_and_stops_every_write_all_the_same() {
    let place = Place::founded();
    fs::write(place.ledger.join("fork"), "").unwrap();
    place.refused(PROGRESS, 1, &["fork", "holds no two histories that can be read", "move it away"]);
}

#[test]
fn an_institution_is_offered_under_the_other_names_that_it_goes_by() {
    let place = Place::founded();
    let plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    let named = |body: &Value| {
        let aliases = body["aliases"].as_array()?.iter().filter_map(Value::as_str);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let alias =
            aliases.map(str::to_owned).find(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
        Some((alias, text("id"), text("party")))
    };
    let (alias, id, party) = plan["institutions"].as_array().unwrap().iter().find_map(named).unwrap();
    let offered = format!("{alias} ({id} goes by that name)");
    place.refused(["status", "--institution", &alias], 2, &[&offered]);
    place.refused(["record", "assign", "1.G2G.1", &alias, "--as", &party], 1, &[&offered]);
}

#[test]
fn an_answer_names_its_word_as_a_correction_does() {
    let place = Place::founded();
    place.done(PROGRESS);
    place.done(PROGRESS);
    place.done(["record", "confirm", "1.G2G.2", "126", "--as", "DK"]);
    place.refused(
        ["record", "contest", "1.G2G.2", "126", "--word", "126", "--reason", "so", "--as", "DK"],
        2,
        &["--word"],
    );
    assert!(place.done(["timeline", "1.G2G.2"]).contains("confirmed entry 126"));
}

#[test]
fn a_request_that_another_of_its_file_outdates_is_told() {
    let place = Place::founded();
    place.done(["review", "open", "R1", "--cutoff", "2023-12-31", "--as", "DK"]);
    let proposed = |text: &'static str| {
        [
            "review",
            "propose",
            "R1",
            "1.G2G.1",
            "amend",
            "--as",
            "DK",
            "--reason",
            "so",
            "--text",
            text,
            "-o",
            "req.jsonl",
        ]
    };
    place.done(proposed("One text."));
    let answer = place.annals(proposed("Another text."));
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(
        answer.err.contains("req.jsonl holds a request on actions/1.G2G.1 that is not recorded here"),
        "{answer:?}"
    );
    // Nor is a review signed before what was found in it.
    place.done([
        "review",
        "assess",
        "R1",
        "1.G2G.2",
        "--finding",
        "limited",
        "--as",
        "DK",
        "-o",
        "sign.jsonl",
    ]);
    let answer = place.annals(["review", "sign", "R1", "--as", "DK", "-o", "sign.jsonl"]);
    assert!(answer.err.contains("holds a request on actions/1.G2G.2"), "{answer:?}");
    let taken = place.annals(["import", "req.jsonl"]);
    assert!(taken.code == Some(1) && taken.err.contains("line 2"), "{taken:?}");
}

#[test]
fn a_basis_that_lapsed_is_overdue_once_however_many_actions_rest_on_it() {
    let place = Place::founded();
    let plan: Value = serde_json::from_str(&fs::read_to_string(PLAN).unwrap()).unwrap();
    let on = |basis: &Value| -> Vec<&str> {
        let actions = plan["actions"].as_array().unwrap().iter();
        let resting = actions.filter(|action| action["basis"].as_array().unwrap().contains(basis));
        resting.map(|action| action["ref"].as_str().unwrap()).collect()
    };
    let mut named =
        plan["actions"].as_array().unwrap().iter().flat_map(|action| action["basis"].as_array().unwrap());
    let basis = named.find(|basis| on(basis).len() > 1).unwrap();
    for action in &on(basis)[..2] {
        place.done(["record", "assign", action, "MSIT", "--as", "KR", "--officer", "Director, Trade"]);
    }
    let lapsed = ["--state", "in_force", "--effective", "2021-06", "--expires", "2021-07"];
    place.done(["record", "instrument", basis.as_str().unwrap(), "--as", "KR"].into_iter().chain(lapsed));
    let asked = [
        "--format",
        "json",
        "handover",
        "--as",
        "KR",
        "--from",
        "Director, Trade",
        "--to",
        "Director, Industry",
        "--dry-run",
    ];
    let answer = place.annals(asked);
    let handed: Value = serde_json::from_slice(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
    assert_eq!(
        (&handed["facts"]["actions"], &handed["facts"]["overdue"]),
        (&json!(2), &json!(1)),
        "{handed:#}"
    );
}

/// In an illustrative ledger it is another day once something was recorded.
#[test]
fn what_passes_on_is_told_as_of_one_reading() {
    let place = Place::empty();
    let time = ["--time", "2021-05-11T08:00:00.000Z"];
    place.done(["init", PLAN, "--as", "DK", "--both-sides", "--illustrative"].into_iter().chain(time));
    let assigned = ["record", "assign", "1.G2G.3", "MSIT", "--as", "KR", "--officer", "Director, Trade"];
    place.done(assigned.into_iter().chain(time));
    let offices =
        ["--from", "Director, Trade", "--to", "Director, Industry", "--time", "2022-02-01T08:00:00.000Z"];
    let answer = place.annals(["--format", "json", "handover", "--as", "KR"].into_iter().chain(offices));
    let handed: Value = serde_json::from_slice(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err));
    let (facts, row) = (&handed["facts"], &handed["rows"][0]);
    assert_eq!((&facts["overdue"], &facts["due"]), (&json!(1), &json!(0)), "{handed:#}");
    assert_eq!(row["due"], json!(["window 2021 missed (closes 2021-12-31)"]), "{handed:#}");
}

#[test]
fn a_witness_whose_key_is_revoked_leaves_a_policy_that_says_so() {
    let place = Place::founded();
    let witness = held(&place, "KR/witness");
    let path = place.path("cosigned.txt").into_os_string().into_string().unwrap();
    place.done(["cosign", "--as", "KR", "-o", &path]);
    let told = place.done(["key", "revoke", &witness, "--as", "KR", "--reason", "lost"]);
    assert!(told.contains("there will be none") && told.contains("annals policy adopt FILE"), "{told}");
    let shown = place.annals(["policy", "show"]);
    assert!(shown.code == Some(0) && shown.err.contains(&format!("{witness} was revoked")), "{shown:?}");
    place.done(["policy", "show", "--at", "0"]);
    place.refused(["cosign", "--as", "KR"], 2, &["no witness key in force", "annals key register"]);
    // What the key signed before it was revoked stands.
    place.done(["checkpoint", "--take", &path]);
}

#[test]
fn a_calendar_keeps_what_has_passed_from_one_institution_to_another() {
    let place = Place::founded();
    place.done(["record", "assign", "1.G2G.7", "EKF", "--as", "DK", "--due", "2027-01"]);
    place.done(["record", "institution", "EIFO", "--as", "DK", "--name", "en=Export and Investment Fund"]);
    place.done([
        "record",
        "succeed",
        "EKF",
        "EIFO",
        "--as",
        "DK",
        "--effective",
        "2026-01",
        "--reason",
        "merged",
    ]);
    for (institution, count) in [("EKF", 1), ("EIFO", 1), ("MSIT", 0)] {
        let feed = place.done(["calendar", "--institution", institution, "--within", "20y"]);
        assert_eq!(feed.matches("1.G2G.7: due").count(), count, "{institution}: {feed}");
    }
    // On whichever day, it is found under the name of each through whose hands it passes, as on the board.
    place.done(["record", "institution", "DEIF", "--as", "DK", "--name", "en=Danish Export Fund"]);
    place.done("record succeed EIFO DEIF --as DK --effective 2026-02 --reason renamed".split(' '));
    for institution in ["EKF", "EIFO", "DEIF"] {
        for day in ["2025-12-31", "2026-01-31", "2026-02-28"] {
            let asked = ["--institution", institution, "--effective", day];
            let feed = place.done([&["calendar", "--within", "20y"][..], &asked].concat());
            assert_eq!(feed.matches("1.G2G.7: due").count(), 1, "{institution} {day}: {feed}");
            let board = place.done([&["--format", "csv", "status"][..], &asked].concat());
            assert!(board.contains("1.G2G.7,"), "{institution} {day}: {board}");
        }
    }
}

#[test]
fn a_cycle_that_can_be_read_in_two_ways_is_told_as_it_was_printed() {
    let place = Place::founded();
    place.done(["review", "open", "R", "--as", "DK", "--cutoff", "2021-06-30"]);
    place.done([
        "review",
        "propose",
        "R",
        "2.G2G.2",
        "clarify",
        "--as",
        "DK",
        "--cycle",
        "P1Y",
        "--reason",
        "Once a year",
    ]);
    place.done(["review", "agree", "2.G2G.2", "--as", "KR"]);
    let path = place.path("brief.md");
    place.done(["brief", "2", "--since", "124", "-o", path.to_str().unwrap()]);
    let brief = fs::read_to_string(path).unwrap();
    assert!(brief.contains("cycle: “Frequent” → P1Y") && !brief.contains("ambiguous"), "{brief}");
}

#[test]
fn what_is_filtered_has_what_passed_from_one_institution_to_another_and_what_is_only_proposed() {
    let place = Place::founded();
    let listed = |asked: &str, what: &str| {
        let rows = place.done(["--format", "csv"].into_iter().chain(asked.split(' ')));
        rows.lines().filter(|row| row.contains(what)).count()
    };
    place.done("record assign 1.G2G.7 EKF --as DK".split(' '));
    place.done(["record", "institution", "EIFO", "--as", "DK", "--name", "en=Export and Investment Fund"]);
    place.done("record succeed EKF EIFO --as DK --effective 2026-01 --reason merged".split(' '));
    for (filter, count) in [
        ("--line 1", 1),
        ("--line 3", 0),
        ("--institution EIFO", 1),
        ("--institution EKF --effective 2025-12-31", 0),
        ("--institution DKMA", 0),
    ] {
        for command in ["timeline", "replay", "inbox --as KR --since 120"] {
            let asked = format!("{command} {filter}");
            assert_eq!(listed(&asked, "EKF succeeded by EIFO"), count, "{asked}");
        }
    }
    let action = json!({
        "ref": "3.G2G.99", "line": 3, "track": "G2G", "text": "New", "kind": "continuing", "firmness": "will",
        "institutions": ["MFDS"], "basis": [], "notes": []
    });
    fs::write(place.path("new.json"), action.to_string()).unwrap();
    place.done("review open R --as DK --cutoff 2021-06-30".split(' '));
    place.done("review propose R 3.G2G.99 add --action new.json --as DK --reason x".split(' '));
    for (filter, count) in [
        ("--line 3", 1),
        ("--line 1", 0),
        ("--track G2G", 1),
        ("--party KR", 1),
        ("--party DK", 0),
        ("--institution MFDS", 1),
        ("--institution DKMA", 0),
        ("--joint silent", 0),
    ] {
        for command in ["timeline", "replay", "inbox --as KR --since 120 --awaiting"] {
            let asked = format!("{command} {filter}");
            assert_eq!(listed(&asked, "3.G2G.99"), count, "{asked}");
        }
        let shown = listed(&format!("review show R {filter}"), "3.G2G.99");
        assert_eq!(shown, count, "{filter}");
    }
    // What awaits an answer is counted as it is listed.
    place.done("review propose R 1.G2G.1 retain --as DK --reason x".split(' '));
    place.done("record assign 1.G2G.2 DKMA --as DK --effective 2021-04".split(' '));
    place.done("record assign 1.G2G.2 DKMA --as DK --role relieved --effective 2023-01".split(' '));
    place.done("review propose R 1.G2G.2 retain --as DK --reason x".split(' '));
    place.done("review propose R 1.G2G.3 suspend --as DK --effective 2022-06 --reason x".split(' '));
    for (filter, count) in [
        ("--joint one_sided", 1),
        ("--joint agreed", 0),
        ("--track G2G", 4),
        ("--track G2G --effective 2021-12-31", 3),
        ("--institution DKMA", 0),
        ("--institution DKMA --effective 2022-06-30", 1),
    ] {
        let asked = format!("--format json inbox --as KR --since 120 --awaiting {filter}");
        let inbox: Value = serde_json::from_str(&place.done(asked.split(' '))).unwrap();
        let counts = (inbox["rows"].as_array().unwrap().len(), inbox["facts"]["awaiting"].as_u64());
        assert_eq!(counts, (count, Some(count as u64)), "{filter}");
    }
    // An institution finds what is proposed to it in its own inbox.
    let inbox: Value =
        serde_json::from_str(&place.done("--format json inbox --as KR/MFDS --since 120".split(' '))).unwrap();
    assert_eq!(inbox["facts"]["awaiting"], 1, "{inbox}");
    assert_eq!(inbox["rows"].as_array().unwrap().last().unwrap()["awaits"], "agree_or_decline");
}
