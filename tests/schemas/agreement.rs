//! Schema and reader: both say yes, or both say no, to every mutation of every sample. The exceptions stand here, all of
//! them, and each must occur.

use super::mutation::{Mutation, mutations};
use super::samples::{self, Sample};
use super::schema::Schemas;
use annals::domain::{action, decision, party, plan::Plan, programme, review};
use annals::record::adoption;
use annals::record::authority::{self, Keys};
use annals::record::fact::Fact;
use annals::record::founding;
use annals::record::request::Submission;
use annals::trail::entry::{Entry, Event, Request};
use annals::trail::hash::LeafHash;
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;

/// What no schema can say: the schema admits it, and the reader refuses it with these words.
const BEYOND: &[(&str, &[&str])] = &[
    (
        "an integer is written without a point; to a schema 1.0 is one",
        &["numbers are integers below 2^53 without", "invalid type: floating point"],
    ),
    (
        "texts, key names and words as printed are limited in bytes, and a schema counts characters",
        &["bytes, and 32768 are allowed", "is not a key name", "`ambiguous:한"],
    ),
    ("a line is limited in bytes", &["bytes long, and 6"]),
    (
        "levels are counted from the entry, and a schema is the same at every level",
        &["nested deeper than 16"],
    ),
    ("a policy is lines of words, which one pattern does not tell", &["of the policy"]),
    ("a period is two dates of which the second is not before the first", &["the period ends"]),
    ("the names of time zones are those of the IANA database, which grows", &["is not an IANA time zone"]),
    ("a key's id follows from its name and bytes", &["the id of the key"]),
    ("not every 32 bytes are a point of prime order", &["is not a canonical Ed25519 public key"]),
    ("a disclosure is base64url of a JSON array", &["`disclosures` holds something else"]),
    ("the names of an opening's keys follow from its origin and its parties", &["must be named"]),
    ("a raw key occurs once in an opening", &["was registered before"]),
    (
        "ids occur once in their list, and so there are two parties",
        &["is named twice", "occurs twice", "has at least two parties"],
    ),
    ("what a plan refers to is in it", &["is not in this plan"]),
    ("an institution is registered in the stream of its own party", &["in the stream of KR"]),
    (
        "entries are cited in their order, which a schema does not compare",
        &["each is cited once, in their order"],
    ),
    ("the name of a party's key begins with the party of the event's subject", &["its name begins with"]),
];

/// Whether a mutation to a value of a file is an exception.
type Applies = fn(&str, &Mutation) -> bool;

/// Where the reader admits what the schema refuses.
const LOOSER: &[(&str, Applies)] = &[
    // By design: another step refuses it, always.
    (
        "a text that is compared with what is registered has no form of its own to the reader",
        |file, mutation| {
            let attributes = ["/keyid", "/ledger", "/source", "/subject", "/type"];
            let place = mutation.place.as_str();
            let compared = match file {
                "request.json" | "entry.json" => attributes.contains(&place),
                "requests.json" => attributes.contains(&place.strip_prefix("/request").unwrap_or(place)),
                "annals.key.revoked.v1.json" => place == "/keyid",
                _ => false,
            };
            compared && mutation.found.as_ref().is_some_and(Value::is_string)
        },
    ),
    ("what cannot be recorded is found in a draft's texts when it is signed", |file, mutation| {
        file == "requests.json"
            && mutation.place == "/correlationid"
            && mutation.found.as_ref().is_some_and(Value::is_string)
    }),
];

/// What the reader of a file says: nothing, or why not.
fn read(file: &str, value: &Value) -> Result<(), Vec<String>> {
    let one = |fault: String| vec![fault];
    let bytes = value.to_string();
    match file {
        "plan.json" => {
            Plan::read(&bytes).map(drop).map_err(|all| all.iter().map(ToString::to_string).collect())
        }
        "request.json" => Request::parse(bytes.as_bytes()).map(drop).map_err(|fault| one(sentence(&fault))),
        "entry.json" => Entry::parse(bytes.as_bytes()).map(drop).map_err(|fault| one(sentence(&fault))),
        "requests.json" => Submission::read(&bytes).map(drop).map_err(|fault| one(sentence(&fault))),
        _ => state(file.strip_suffix(".json").unwrap(), value).map_err(one),
    }
}

/// Whether data can stand in an entry, is a fact, and is one that no history could make right.
fn state(kind: &str, data: &Value) -> Result<(), String> {
    let aggregate = kind.split('.').nth(1).unwrap();
    let subject = match aggregate {
        "key" | "institution" => "parties/KR",
        "instrument" => "instruments/1.B1",
        "action" => "actions/1.G2G.1",
        "review" => "reviews/R2022",
        "disclosure" | "policy" | "rules" | "streams" => "ledger",
        other => other,
    };
    let event = Event {
        ledger: "annals.example/desk".into(),
        id: "017e8103-8a80-7000-8000-000000000099".parse().unwrap(),
        source: "parties/KR".into(),
        kind: kind.into(),
        subject: subject.into(),
        time: chrono::DateTime::UNIX_EPOCH,
        keyid: "KR/coordinator-1+014b49fa".into(),
        basehash: LeafHash::NONE,
        causationid: None,
        correlationid: None,
        data: data.as_object().ok_or("not an object")?.clone().into(),
    };
    event.to_bytes().map_err(|fault| sentence(&fault))?;
    let (fact, _) = Fact::read(&event).map_err(|fault| sentence(&fault))?;
    match &fact {
        Fact::Founding(founding::Event::Opened(opened)) => {
            opened.check(opened.origin.as_str()).map_err(|refusal| sentence(&refusal))
        }
        Fact::Key(party, registered @ authority::Event::Registered(_)) => {
            Keys::default().decide(registered, party).map_err(|refusal| sentence(&refusal))
        }
        Fact::Adopted(adoption::Event::Rules(adopted)) => {
            adopted.check().map_err(|refusal| sentence(&refusal))
        }
        Fact::Programme(programme::Event::Party(of, registered @ party::Event::Registered(_))) => {
            party::decide(&party::State::default(), registered, of).map_err(|refusal| sentence(&refusal))
        }
        Fact::Programme(programme::Event::Action(_, action::Event::Progressed(word))) => {
            word.check(NaiveDate::MAX).map_err(|refusal| sentence(&refusal))
        }
        Fact::Programme(programme::Event::Decision(_, decision::Event::Assessed(found))) => {
            found.grounds().check(u64::MAX).map_err(|refusal| sentence(&refusal))
        }
        Fact::Programme(programme::Event::Review(_, review::Event::Assessed(found))) => {
            found.grounds().check(u64::MAX).map_err(|refusal| sentence(&refusal))
        }
        _ => Ok(()),
    }
}

fn sentence(fault: &dyn Error) -> String {
    fault.source().map_or_else(|| fault.to_string(), |source| format!("{fault}: {}", sentence(source)))
}

/// The exceptions that a mutation needs: none where schema and reader agree.
///
/// # Errors
/// How they differ, where no exception says so.
fn exceptions(schemas: &Schemas, file: &str, mutation: &Mutation) -> Result<Vec<&'static str>, String> {
    match (schemas.admits(file, &mutation.value), read(file, &mutation.value)) {
        (true, Ok(())) | (false, Err(_)) => Ok(Vec::new()),
        (true, Err(faults)) => {
            let known = |fault: &String| {
                BEYOND.iter().flat_map(|(_, words)| *words).find(|word| fault.contains(**word)).copied()
            };
            let known: Option<Vec<_>> = faults.iter().map(known).collect();
            known.ok_or_else(|| format!("the schema admits it, the reader says {faults:?}"))
        }
        (false, Ok(())) => {
            let reason = LOOSER.iter().find(|(_, applies)| applies(file, mutation));
            reason.map(|(why, _)| vec![*why]).ok_or_else(|| {
                format!("the reader admits it, the schema says {:?}", schemas.faults(file, &mutation.value))
            })
        }
    }
}

/// The exceptions that the mutations of a sample need, and where schema and reader differ without one.
fn compare(schemas: &Schemas, sample: &Sample) -> (Vec<&'static str>, Vec<String>) {
    let (mut met, mut differences) = (Vec::new(), Vec::new());
    for mutation in mutations(&sample.value) {
        match exceptions(schemas, &sample.file, &mutation) {
            Ok(needed) => met.extend(needed),
            Err(how) => {
                let found = mutation.found.map_or_else(|| "removed".to_owned(), |found| found.to_string());
                let short = |text: String| text.chars().take(300).collect::<String>();
                let (found, how) = (short(found), short(how));
                differences.push(format!("{} {}: {found}\n    {how}", sample.file, mutation.place));
            }
        }
    }
    (met, differences)
}

#[test]
fn schema_and_reader_agree_on_every_mutation_of_every_sample() {
    let (schemas, samples) = (Schemas::load(), samples::all());
    let compared: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            samples.iter().map(|sample| scope.spawn(|| compare(&schemas, sample))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (met, differences): (Vec<_>, Vec<_>) = compared.into_iter().unzip();
    let differences = differences.concat();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    let met: BTreeSet<&str> = met.into_iter().flatten().collect();
    let exceptions = BEYOND.iter().flat_map(|(_, words)| *words).chain(LOOSER.iter().map(|(why, _)| why));
    let stale: Vec<&&str> = exceptions.filter(|exception| !met.contains(**exception)).collect();
    assert!(stale.is_empty(), "no mutation needs these exceptions any more: {stale:#?}");
}

#[test]
fn the_form_is_a_matter_of_bytes_which_no_schema_sees() {
    let schemas = Schemas::load();
    let request = samples::request_of(&samples::entries()[3]);
    let text = request.to_string();
    assert_eq!(read("request.json", &request), Ok(()));
    let (id, rest) = (request["id"].to_string(), text.strip_prefix('{').unwrap());
    for other in [
        text.replace("\"id\":", "\"id\": "),
        text.replace("MSIT", "\\u004dSIT"),
        format!("{{\"id\":{id},{rest}"),
        format!(
            "{{\"time\":{},{}",
            request["time"],
            rest.replace(&format!("\"time\":{},", request["time"]), "")
        ),
    ] {
        let value: Value = serde_json::from_str(&other).unwrap();
        assert_eq!(value, request);
        assert!(
            schemas.admits("request.json", &value) && Request::parse(other.as_bytes()).is_err(),
            "{other}"
        );
        // In a file of requests the request's bytes are those of the author, and what stands round them is free.
        assert!(Submission::read(&format!("{{\"request\":{other}}}")).is_err());
        assert!(Submission::read(&format!("{{ \"request\": {text} }}")).is_ok());
        assert!(
            Submission::read(&format!("\u{feff}{{\"request\":{text}}}")).is_ok(),
            "as some editors begin a file"
        );
    }
}
