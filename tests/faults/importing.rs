//! Files of requests: what is wrong in one is named by its line, and nothing is recorded that the answer does not tell.

use super::place::{Place, lines};
use std::fs;

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
    let request = "request progress 1.G2G.1 --as KR --lifecycle under_way -o requests.jsonl";
    let request: Vec<&str> = request.split(' ').collect();
    // There is room for a hundred bytes more.
    fs::File::create(&requests).unwrap().set_len(limit - 100).unwrap();
    place.annals_within(limit, &request).says(2, &["requests.jsonl", "cannot be written"]);
    assert_eq!(fs::metadata(&requests).unwrap().len(), limit - 100);
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
    let unknown = line("none").replace("1.G2G.3", "1.G2G.99");
    for (last, code, recorded) in [
        ("not JSON\n".to_owned(), 2, 0),
        ("{\"request\":{}}\n".to_owned(), 2, 0),
        // What no event of its type can say is known before any rule is asked.
        (format!("{{{HEAD},\"data\":{{\"effective\":\"2022\",\"lifecycle\":\"done\"}}}}\n"), 2, 0),
        // Nor can what it withholds be no text.
        (line(""), 2, 0),
        (unknown, 1, 2),
    ] {
        fs::write(place.path("requests.jsonl"), [line("one"), line("two"), last].concat()).unwrap();
        let before = lines(&place.export());
        let answer = place.annals(["import", "requests.jsonl"]);
        answer.says(code, &["requests.jsonl: line 3"]);
        assert_eq!(answer.err.matches("line 3").count(), 1, "{}", answer.err);
        assert_eq!(lines(&place.export()) - before, recorded, "{}", answer.err);
        assert_eq!(answer.err.contains("those before it are"), recorded > 0, "{}", answer.err);
    }
}

#[test]
fn a_trial_names_every_line_that_would_be_refused() {
    let place = Place::founded();
    let line = |note: &str| format!("{{{HEAD},\"data\":{{\"effective\":\"2022\",\"note\":\"{note}\"}}}}\n");
    let unknown = line("none").replace("1.G2G.3", "1.G2G.99");
    let requests = [line("one"), unknown.clone(), "{}\n".to_owned(), line("two"), unknown].concat();
    fs::write(place.path("requests.jsonl"), requests).unwrap();
    place.refused(
        ["import", "requests.jsonl", "--dry-run"],
        2,
        &[
            "requests.jsonl: 3 lines would be refused; nothing was recorded:",
            "\n  line 2: ",
            "\n  line 3: ",
            "\n  line 5: ",
        ],
    );
    fs::write(place.path("requests.jsonl"), [line("one"), line("two")].concat()).unwrap();
    assert!(
        place
            .done(["import", "requests.jsonl", "--dry-run"])
            .starts_with("2 requests would be recorded; nothing was")
    );
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
