//! Import: a file of requests, recorded line by line, and completed by repeating it.

use super::desk::{ACTION, Desk, ORIGIN, key, key_of, word};
use annals::exchange::import::{Import, ImportError, Summary};
use annals::exchange::keyring::Keyring;
use annals::record::ids;
use annals::record::role::Role;
use annals::trail::hash::{Head, sha256};
use annals::trail::key::{Kind, SigningKey};
use serde_json::{Value, json};

/// A desk with its keys on disk.
struct Border {
    desk: Desk,
    keyring: Keyring,
    _folder: tempfile::TempDir,
}

impl Border {
    fn founded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::new(folder.path().to_owned());
        for (party, role) in [
            ("DK", Role::Coordinator),
            ("KR", Role::Coordinator),
            ("DK", Role::Authority),
            ("KR", Role::Authority),
            ("KR/MSIT", Role::Officer),
        ] {
            hold(&keyring, &key_of(party, role));
        }
        Self { desk: Desk::founded(), keyring, _folder: folder }
    }

    fn import(&self, file: &str) -> Result<Summary, ImportError> {
        let sha256 = sha256(file.as_bytes());
        let mut salted = 0_u64;
        let mut salt = || {
            salted += 1;
            let mut salt = [0; 16];
            salt[..8]
                .copy_from_slice(&(salted ^ u64::from_str_radix(&sha256[..16], 16).unwrap()).to_be_bytes());
            salt
        };
        let mut import = Import::new(&self.desk.ledger, &self.keyring, &sha256, &mut salt);
        for (line, text) in (1..).zip(file.lines()) {
            import.push(line, text.as_bytes())?;
        }
        import.finish()
    }

    fn head(&self) -> Head {
        self.desk.ledger.head()
    }
}

fn hold(keyring: &Keyring, key: &SigningKey) {
    let path = keyring.folder().join(format!("{}.pem", key.verifier().keyid()));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, key.to_pem().unwrap()).unwrap();
}

fn draft(speaker: &str, minute: u32, kind: &str, data: impl Into<Value>) -> Value {
    let data = data.into();
    let subject = match kind {
        "key.registered" | "key.revoked" => "parties/DK",
        "review.opened" | "review.signed" | "review.closed" => "reviews/R2022",
        _ => ACTION,
    };
    json!({
        "as": speaker, "subject": subject, "type": format!("annals.{kind}.v1"),
        "time": format!("2022-03-01T09:{minute:02}:00.000Z"), "data": data,
    })
}

fn file(lines: &[Value]) -> String {
    lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
}

fn sentence(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", sentence(source)))
}

#[test]
fn a_file_that_is_imported_again_doubles_nothing() {
    let border = Border::founded();
    let lines = [
        draft("DK", 1, "action.progressed", json!({"effective": "2022", "note": "Møde"})),
        draft("KR", 2, "action.progressed", word("under_way")),
    ];
    let file = file(&lines);
    assert_eq!(border.import(&file).unwrap(), Summary { recorded: 2, repeated: 0, erased: 0 });
    let head = border.head();
    assert_eq!(border.import(&file).unwrap(), Summary { recorded: 0, repeated: 2, erased: 0 });
    assert_eq!(border.head(), head);
    let time = "2022-03-01T09:01:00.000Z".parse().unwrap();
    let id = ids::derived(time, ORIGIN, &sha256(file.as_bytes()), 1);
    assert_eq!(border.desk.ledger.entry(head.size - 2).unwrap().unwrap().request.event.id, id);
}

#[test]
fn the_lines_before_one_that_is_refused_are_recorded_and_repeating_completes_it() {
    let sound = [
        draft("DK", 1, "action.progressed", json!({"effective": "2022", "note": "one"})),
        draft("DK", 2, "action.progressed", json!({"effective": "2022", "note": "two"})),
    ];
    let bad = [
        ("{\"as\":".to_owned(), "at column 6"),
        (draft("KP", 3, "action.progressed", word("under_way")).to_string(), "KP is not a party"),
        (draft("DK", 3, "action.progressed", word("finished")).to_string(), "unknown variant `finished`"),
        (draft("DK", 3, "action.progressed", json!({"effective": 1.5})).to_string(), "cannot be signed"),
        ("\u{1}".to_owned(), "at column 1"),
    ];
    for (line, reason) in bad {
        let border = Border::founded();
        let before = border.head().size;
        let interrupted = format!("{}{line}\n", file(&sound));
        let error = border.import(&interrupted).unwrap_err();
        assert_eq!(error.line, 3);
        assert!(sentence(&error).contains(reason), "{}", sentence(&error));
        assert_eq!(border.head().size, before + 2, "{line}");
    }
}

#[test]
fn a_review_from_its_opening_to_its_close_is_a_file_of_requests() {
    let border = Border::founded();
    let cited = border.head().size;
    let opened =
        json!({"period": {"start": "2021", "end": "2022-03-01"}, "axis": "recorded", "cutoff": "2022-03-01"});
    let assessed = |entry: u64| json!({"review": "R2022", "finding": "limited", "entries": [entry]});
    let review = file(&[
        draft("KR", 0, "action.progressed", word("under_way")),
        draft("DK", 1, "review.opened", opened),
        draft("KR", 2, "action.assessed", assessed(cited)),
        // An entry of this file, too.
        draft("DK", 3, "action.assessed", assessed(cited + 2)),
        draft("DK", 4, "review.signed", json!({})),
        draft("KR", 5, "review.signed", json!({})),
        draft("DK", 6, "review.closed", json!({})),
    ]);
    assert_eq!(border.import(&review).unwrap().recorded, 7);
    let state = border.desk.ledger.state();
    let (_, review_state) = state.programme.reviews.iter().next().unwrap();
    assert_eq!(review_state.opened.size.get(), cited + 1, "the reading has what the file says before it");
    assert!(review_state.closed.is_some());
    let again = border.import(&review).unwrap();
    assert_eq!((again.recorded, again.repeated), (0, 7), "it is opened on the same reading again");
}

#[test]
fn a_line_whose_id_was_recorded_with_other_words_is_refused() {
    let border = Border::founded();
    let mut line = draft("DK", 1, "action.progressed", json!({"effective": "2022", "note": "one"}));
    line["id"] = "017f4501-0000-7000-8000-000000000001".into();
    border.import(&file(&[line.clone()])).unwrap();
    let same = border.import(&format!("\n{line}\n\n")).unwrap();
    assert_eq!(same, Summary { recorded: 0, repeated: 1, erased: 0 }, "in another file, too");
    line["data"]["note"] = "two".into();
    let error = border.import(&file(&[line.clone()])).unwrap_err();
    assert!(sentence(&error).contains("with other content"));
    let twice = [draft("DK", 5, "action.progressed", word("planned")), line];
    assert_eq!(border.import(&file(&twice)).unwrap_err().line, 2);
}

#[test]
fn a_line_may_answer_the_one_before() {
    let border = Border::founded();
    let mut said = draft("KR", 1, "action.progressed", word("under_way"));
    said["id"] = "017f4501-0000-7000-8000-000000000001".into();
    let mut answer = draft("DK", 2, "action.confirmed", json!({}));
    answer["causationid"] = said["id"].clone();
    assert_eq!(border.import(&file(&[said, answer])).unwrap().recorded, 2);
}

#[test]
fn the_first_key_in_force_that_is_held_signs_also_after_another_was_revoked() {
    let border = Border::founded();
    hold(&border.keyring, &key("DK/authority-2", Kind::Ed25519));
    let first = key("DK/authority-1", Kind::Ed25519).verifier().keyid();
    let second = key("DK/authority-2", Kind::Ed25519).verifier().keyid();
    let auditor = key("DK/auditor-2", Kind::Ed25519).verifier().to_string();
    let lines = [
        draft("DK", 1, "key.revoked", json!({"keyid": first})),
        draft("DK", 2, "key.registered", json!({"role": "auditor", "vkey": auditor})),
    ];
    assert_eq!(border.import(&file(&lines)).unwrap().recorded, 2);
    let last = border.desk.ledger.entry(border.head().size - 1).unwrap().unwrap();
    assert_eq!(last.request.event.keyid, second);
}

#[test]
fn a_signed_request_is_taken_with_its_disclosures() {
    let mut border = Border::founded();
    let draft =
        border.desk.draft("KR", ACTION, "action.progressed", json!({"effective": "2021", "note": "회의"}));
    let (request, disclosures) = border.desk.sign(&draft);
    let line = format!(
        "{{\"request\":{},\"disclosures\":[\"{}\"]}}\n",
        String::from_utf8(request.to_bytes()).unwrap(),
        disclosures[0].encoded()
    );
    assert_eq!(border.import(&line).unwrap(), Summary { recorded: 1, repeated: 0, erased: 0 });
    assert_eq!(border.import(&line).unwrap(), Summary { recorded: 0, repeated: 1, erased: 0 });
    assert_eq!(border.desk.ledger.disclosure(&disclosures[0].digest()).unwrap().value(), "회의");
    let changed = line.replace("회의", "x").replace("\"time\":\"2022", "\"time\":\"2023");
    let error = border.import(&changed).unwrap_err();
    assert!(sentence(&error).contains("with other content"), "{}", sentence(&error));
}

#[test]
fn a_file_whose_values_were_erased_is_imported_again_and_brings_none_of_them_back() {
    let mut border = Border::founded();
    let note = json!({"effective": "2021", "note": "Fru Jensen"});
    let (request, disclosures) =
        border.desk.sign(&border.desk.draft("DK", ACTION, "action.progressed", note));
    let signed = json!({
        "request": serde_json::from_slice::<Value>(&request.to_bytes()).unwrap(),
        "disclosures": [disclosures[0].encoded()]
    });
    let mut drafted = draft("DK", 1, "action.progressed", json!({"effective": "2022", "note": "Hr. Kim"}));
    drafted["id"] = "017f4501-0000-7000-8000-000000000001".into();
    let said = file(&[signed, drafted.clone()]);
    assert_eq!(border.import(&said).unwrap(), Summary { recorded: 2, repeated: 0, erased: 0 });
    let erasing = |id: &Value, minute: u32| {
        let entry = border.desk.ledger.recorded(id.as_str().unwrap().parse().unwrap()).unwrap().unwrap();
        let digest = &entry.request.event.data.members()["_sd"]["note"];
        let data = json!({"digest": digest, "basis": "GDPR Art. 17(1)(a)", "reason": "slettet"});
        let mut erasing = draft("DK", minute, "disclosure.erased", data);
        (erasing["subject"], erasing["causationid"]) = ("ledger".into(), id.clone());
        erasing
    };
    let lines = [erasing(&request.event.id.to_string().into(), 2), erasing(&drafted["id"], 3)];
    assert_eq!(border.import(&file(&lines)).unwrap().recorded, 2);
    let left =
        || border.desk.ledger.disclosures().unwrap().iter().filter(|each| each.name() == "note").count();
    assert_eq!(left(), 0);
    // What was erased counts by its presence: nobody knows any more what it said.
    assert_eq!(border.import(&said).unwrap(), Summary { recorded: 0, repeated: 2, erased: 1 });
    assert_eq!(border.import(&file(&lines)).unwrap(), Summary { recorded: 0, repeated: 2, erased: 0 });
    assert_eq!(left(), 0);
    drafted["data"]["note"] = Value::Null;
    drafted["data"].as_object_mut().unwrap().remove("note");
    assert!(sentence(&border.import(&file(&[drafted])).unwrap_err()).contains("with other content"));
}
