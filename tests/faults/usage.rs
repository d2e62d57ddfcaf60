//! Wrong arguments and malformed files: each is answered with what was expected, and nothing is recorded.

use super::place::{PLAN, PROGRESS, Place, files, pipe};
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

/// A confirmation would be a newer word than the decision, and undo it.
#[test]
fn a_word_that_a_decision_of_its_day_outlived_is_answered_where_it_is_named_alone() {
    let place = Place::founded();
    let since = ["--effective", "2022-01-01"];
    let said = ["record", "progress", "2.G2G.2", "--as", "DK", "--lifecycle", "under_way"];
    place.done(said.into_iter().chain(since));
    place.done(["review", "open", "R2021", "--as", "DK", "--cutoff", "2021-12-31"]);
    let suspend =
        ["review", "propose", "R2021", "2.G2G.2", "suspend", "--as", "DK", "--reason", "Nobody is there"];
    place.done(suspend.into_iter().chain(since));
    let confirm = ["record", "confirm", "2.G2G.2", "--as", "KR"];
    place.done(["review", "agree", "2.G2G.2", "--as", "KR"]);
    place.refused(confirm, 2, &["is from before what all decided of 2.G2G.2 in entry 129", "name it"]);
    place.done(confirm.into_iter().chain(["126"]));
}
