//! Records what a party says of an action, and finds the receipt again by repeating the request.
//!
//!     annals demo
//!     cargo run --example record -- annals-demo/ledger annals-demo/keys 1.G2G.3 KR
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "an example talks to its reader and stops where it fails"
)]

use annals::domain::party::Author;
use annals::exchange::import::key_for;
use annals::exchange::keyring::Keyring;
use annals::ledger::{Ledger, RecordError, quietly};
use annals::record::ids;
use annals::record::request::Draft;
use chrono::{SubsecRound, Utc};
use serde_json::json;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, keys, action, party] = arguments.as_slice() else {
        return Err("a ledger, a folder of keys, an action and a party are expected".into());
    };
    let ledger = Ledger::open(folder.as_ref(), &mut quietly)?;
    let keyring = Keyring::new(keys.into());
    let state = ledger.state();
    let origin = state.origin().ok_or("the ledger is not founded yet")?;

    // What is said, in clear. The note is withheld in the ledger: an entry holds its digest alone.
    let now = Utc::now().trunc_subsecs(3);
    let data =
        json!({"effective": now.format("%Y-%m").to_string(), "note": "Working group agreed on a date."});
    let author = Author { party: party.parse()?, institution: None };
    let draft = Draft::new(
        author,
        format!("actions/{action}"),
        "action.progressed",
        now,
        serde_json::from_value(data)?,
    );

    // It is signed on the newest entry that its author has seen.
    let key = key_for(&ledger, &keyring, &draft)?;
    let id = ids::new(now, random());
    let (request, disclosures) = draft.sign(id, origin, state.head.leaf, &key, &mut random)?;

    // A refusal names its rule and leaves the ledger as it was.
    let receipt = match ledger.record(request.clone(), disclosures.clone()) {
        Ok(receipt) => receipt,
        Err(RecordError::Refused(rule)) => return Err(format!("refused: {rule}").into()),
        Err(error) => return Err(error.into()),
    };
    println!("recorded at sequence {}, leaf {}", receipt.sequence, receipt.leaf);

    // Whoever did not hear the answer asks again: nothing is recorded twice.
    let again = ledger.record(request, disclosures)?;
    assert!(again.repeated && again.leaf == receipt.leaf);
    Ok(())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
