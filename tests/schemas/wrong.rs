//! Values that are right in some places and wrong in most.

use super::samples::vkey;
use annals::trail::key::Kind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const NUMBERS: &str = "-1 0 1 1.0 1.5 17 18 65535 65536 9007199254740991 9007199254740992";

const TEXTS: [&str; 20] = [
    "",
    " ",
    "\n",
    "\u{a0}\u{3000}",
    "\u{feff}",
    "a b",
    "a\u{7}",
    "a\u{85}",
    "tab\tnewline\n",
    "a\u{fdd0}",
    "a\u{fffe}",
    "a\u{1fffe}",
    "a\u{10ffff}",
    "a\u{10fffd}",
    "ambiguous: ",
    "ambiguous:bi\tannual",
    "ambiguous:두 해마다",
    "ambiguous:\u{fffe}",
    "한국",
    "x",
];

/// Dates, instants and cycles.
const TIMES: &str = "2023 2023-02 2023-13 2023-00 2023-02-28 2023-02-29 2024-02-29 1900-02-29 2000-02-29 0000-02-29 \
    2023-04-31 2023-12-31 23 2023-2-1 20230530 02023 +2023 -0001-01-01 +12023-01-01 2023-05-30T10:00:00Z \
    2023-05-30T10:00:00.000Z 2023-02-29T10:00:00.000Z 2023-05-30t10:00:00.000z 2023-05-30T24:00:00.000Z \
    2023-05-30T23:59:60.000Z 2023-05-30T10:00:00.000+00:00 2023-05-30T10:00:00.0000Z P1Y P0Y P01Y P1200M P1201M P12W \
    P1Y6M p1y annual ambiguous: ambiguous:biannual";

/// Ids, streams, types, keys and zones.
const NAMES: &str = "X-1_. .x DK KR public parties KR/MSIT KR/MSIT/x 1.0 application/json annals.example/desk https://x \
    parties/KR parties/KR/institutions/MSIT parties/ ledger plan actions/1.G2G.1 actions/a/b reviews/2022 \
    annals.action.progressed.v1 annals.action.progressed.v0 annals.action DK/a+89abcdef DK/a+89ABCDEF +89abcdef \
    Asia/Seoul asia/seoul Europe/Kobenhavn UTC 017e8103-8a80-7000-8000-000000000014 \
    017E8103-8A80-7000-8000-000000000014 017e81038a8070008000000000000014 {017e8103-8a80-7000-8000-000000000014} \
    017e8103-8a80-4000-8000-000000000014 017e8103-8a80-7000-c000-000000000014 \
    PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW \
    PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW \
    PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

/// Words of every list, and decimals.
const WORDS: &str = "real illustrative authority coordinator officer auditor witness lead support relieved planned \
    under_way continuing suspended completed discontinued superseded on_track off_track confirmed held Held upheld \
    qualified signed lapsed recurring conditional stated explore 12 -3.5 +1 .5 1. 1e5 --1 1234567890123456789 \
    0.123456789012345678";

/// Every one of them.
pub(crate) fn values() -> Vec<Value> {
    let numbers = NUMBERS.split(' ').map(|number| serde_json::from_str(number).unwrap());
    let words = [TIMES, NAMES, WORDS].into_iter().flat_map(|words| words.split(' '));
    let texts = TEXTS.into_iter().chain(words).map(Value::from).chain(lengths()).chain(keys());
    numbers.chain(texts).chain(others()).collect()
}

/// Texts at their limits and beyond.
fn lengths() -> impl Iterator<Item = Value> {
    let counts = [
        ("0", 12),
        ("0", 32),
        ("f", 33),
        ("A", 42),
        ("A", 43),
        ("0", 63),
        ("0", 64),
        ("A", 64),
        ("a", 65),
        ("a", 128),
        ("a", 129),
        ("x", 32_768),
        ("x", 32_769),
        ("한", 10_923),
        ("x", 70_000),
    ];
    let cycles = [("x", 64), ("x", 65), ("한", 22)];
    let repeated = counts.into_iter().map(|(text, count)| text.repeat(count));
    repeated
        .chain(cycles.into_iter().map(|(text, count)| format!("ambiguous:{}", text.repeat(count))))
        .map(Value::from)
}

/// Keys, signatures, digests and disclosures, some of them with a bit too many.
fn keys() -> impl Iterator<Item = Value> {
    let encoded = |name: &str, kind: u8, point: u8| {
        let bytes: Vec<u8> = [kind, point].into_iter().chain([0; 31]).collect();
        format!("{name}+00000000+{}", STANDARD.encode(bytes))
    };
    [
        vkey("KR/other", 7, Kind::Ed25519),
        vkey("KR/other", 7, Kind::Cosignature),
        // The neutral element, an unknown type, a name of too many bytes, a noncharacter.
        encoded("KR/x", 1, 1),
        encoded("KR/x", 2, 7),
        encoded(&"한".repeat(65), 1, 7),
        encoded("a\u{fffe}", 1, 7),
        STANDARD.encode([1; 64]),
        STANDARD.encode([1; 63]),
        format!("{}B==", "A".repeat(85)),
        format!("{}B", "A".repeat(42)),
        "WyJzIl0".to_owned(),
    ]
    .into_iter()
    .map(Value::from)
}

fn others() -> impl Iterator<Item = Value> {
    let deep = (0..17).fold(json!("deep"), |inside, _| json!([inside]));
    let simple = [json!(null), json!(true), json!(false), json!([]), json!([[]]), json!({}), json!({"é": 1})];
    let audiences = [
        json!({"note": "parties", "contact": "public"}),
        json!({"notes": "parties"}),
        json!({"note": "a b"}),
    ];
    simple.into_iter().chain([json!({"x": 1.5}), json!(["2021", "2024"]), deep]).chain(audiences)
}
