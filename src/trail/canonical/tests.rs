//! The canonical form: what is accepted, what is refused and where, on arbitrary bytes.

mod slowly;

use super::*;
use proptest::prelude::*;

fn fault(text: &str) -> Option<Fault> {
    check(text.as_bytes()).err().map(|error| error.fault)
}

#[test]
fn every_departure_from_the_form_is_refused_by_name() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let cases = [
        (" {}", Fault::Value),
        ("{} ", Fault::Trailing),
        ("{}\r", Fault::Return),
        ("{}\r\r", Fault::Trailing),
        ("\u{feff}{}", Fault::Mark),
        ("{\u{feff}}", Fault::Unexpected),
        ("{\"a\": 1}", Fault::Value),
        ("{\"a\":1 }", Fault::Unexpected),
        ("{\"b\":1,\"a\":2}", Fault::Order),
        ("{\"a\":1,\"a\":2}", Fault::Order),
        ("{\"\\n\":1,\"\\t\":2}", Fault::Order),
        ("{\"æ\":1}", Fault::NameNotAscii),
        ("{\"a\":null}", Fault::Null),
        ("1.5", Fault::Number),
        ("1e3", Fault::Number),
        ("01", Fault::Number),
        ("-0", Fault::Number),
        ("-", Fault::Number),
        ("9007199254740992", Fault::Number),
        ("-9007199254740992", Fault::Number),
        ("99999999999999999999999", Fault::Number),
        ("\"\\u00e6\"", Fault::Escape),
        ("\"\\/\"", Fault::Escape),
        ("\"\\b\"", Fault::Escape),
        ("\"\\ud800\"", Fault::Escape),
        ("\"\u{1}\"", Fault::Control),
        ("\"\n\"", Fault::Control),
        ("\"\u{7f}\"", Fault::Control),
        ("\"\u{85}\"", Fault::Control),
        ("\"\u{fdd0}\"", Fault::Noncharacter),
        ("\"\u{fffe}\"", Fault::Noncharacter),
        ("\"\u{10ffff}\"", Fault::Noncharacter),
        ("\"a", Fault::Truncated),
        ("[1,]", Fault::Value),
        ("", Fault::Truncated),
        ("tru", Fault::Truncated),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), Some(expected), "{text:?}");
    }
    assert_eq!(fault(&deep(LEVELS)), None);
    assert_eq!(fault(&deep(LEVELS + 1)), Some(Fault::Depth));
    assert_eq!(fault(&deep(100_000)), Some(Fault::Depth));
    assert_eq!(check(b"\"\xed\xa0\x80\"").unwrap_err().fault, Fault::Encoding);
}

#[test]
fn what_the_form_allows_is_accepted() {
    for text in [
        "{}",
        "[]",
        "0",
        "-1",
        "9007199254740991",
        "-9007199254740991",
        "true",
        "false",
        "\"\"",
        "\"\\t\\n\\\\\\\"\"",
        "{\"\":1,\"\\t\":1,\"\\n\":2,\"A\":3,\"_sd\":{},\"a\":\"덴마크 ☃ 🦢\"}",
    ] {
        assert_eq!(fault(text), None, "{text:?}");
    }
}

#[test]
fn a_member_that_occurs_twice_is_refused_in_text_that_people_write() {
    assert!(
        read("{\"a\": 1, \"b\": {\"c\": 2, \"c\": 3}}").unwrap_err().to_string().contains("`c` occurs twice")
    );
    assert!(read("{} {}").is_err());
}

#[test]
fn writers_normalise_text() {
    let mut value = serde_json::json!({"name": ["A\u{30a}rhus"]});
    normalise(&mut value);
    assert_eq!(write(&value).unwrap(), "{\"name\":[\"Århus\"]}".as_bytes());
}

fn quickly(bytes: &[u8]) -> Result<Vec<slowly::Member<'_>>, NotCanonical> {
    let mut all = Vec::new();
    members(bytes, |member| all.push((member.name, member.value, member.span())))?;
    Ok(all)
}

/// Changes a text as hands, disks and forgers do: a byte, a piece left out, repeated or moved.
fn damage(bytes: &mut Vec<u8>, random: &mut fastrand::Rng) {
    const OTHERS: &[u8] = b"\"\\{}[]:,0-9.etnf \t\n\x00\x1f\x20\x7e\x7f\x80\x9f\xa0\xc2\xed\xef\xf4\xff";
    let (at, to) = (random.usize(..bytes.len()), random.usize(..bytes.len()));
    match random.u8(..6) {
        0 => bytes[at] = random.u8(..),
        1 => bytes[at] = OTHERS[random.usize(..OTHERS.len())],
        2 => bytes.insert(at, OTHERS[random.usize(..OTHERS.len())]),
        3 => drop(bytes.remove(at)),
        4 => bytes.swap(at, to),
        _ => {
            let end = (at + random.usize(..40)).min(bytes.len());
            let piece: Vec<u8> =
                if random.bool() { bytes.drain(at..end).collect() } else { bytes[at..end].to_vec() };
            let to = to.min(bytes.len());
            bytes.splice(to..to, piece);
        }
    }
}

#[test]
fn damaged_entries_have_the_fault_and_the_offset_that_a_reader_of_single_bytes_gives_them() {
    const ENTRIES: [&str; 2] = [
        include_str!("../../../tests/vectors/entries.jsonl"),
        include_str!("../../../tests/vectors/history.jsonl"),
    ];
    // Every character that has a rule, at every distance from the end of eight bytes.
    let strange = [
        "\"",
        "\\n",
        "\\",
        "\u{1f}",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{fdd0}",
        "\u{ffff}",
        "\u{10ffff}",
        "한",
    ];
    let placed = strange.iter().flat_map(|strange| {
        (0..20).map(move |before| format!("{{\"{}{strange}b\":\"{0}{strange}\"}}", "a".repeat(before)))
    });
    let sound = ENTRIES.iter().flat_map(|entries| entries.lines()).map(str::to_owned);
    let mut random = fastrand::Rng::with_seed(9);
    for line in placed.chain(sound) {
        assert_eq!(quickly(line.as_bytes()), slowly::members(line.as_bytes()), "{line}");
        for _ in 0..300 {
            let mut bytes = line.clone().into_bytes();
            (0..random.u8(1..4)).for_each(|_| damage(&mut bytes, &mut random));
            assert_eq!(quickly(&bytes), slowly::members(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        "[ -~\t\næøå가-힣]{0,12}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map("[ -~]{0,6}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_canonical_and_reads_back_the_same(value in values()) {
        let bytes = write(&value).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn what_is_accepted_is_written_back_identically(bytes in "[\\[\\]{}\",:0-9a-c\\\\ -]{0,24}") {
        if check(bytes.as_bytes()).is_ok() {
            let value: Value = serde_json::from_str(&bytes).unwrap();
            prop_assert_eq!(serde_json::to_string(&value).unwrap(), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_are_answered_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&bytes);
        let _ = quickly(&bytes);
    }
}
