//! Founds a ledger: one party opens it and lays a plan down, every other party accedes.
//!
//!     cargo run --example found -- examples/denmark-korea-2021-2024/plan.json NEW-FOLDER
#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example talks to its reader")]

use annals::domain::party::Author;
use annals::domain::plan::{Party, Plan};
use annals::ledger::Ledger;
use annals::record::charter;
use annals::record::founding::{Clock, Founder, Opened, RULES};
use annals::record::ids;
use annals::record::request::Draft;
use annals::trail::hash::{hex, sha256};
use annals::trail::key::{KeyFault, Kind, SigningKey};
use chrono::{SubsecRound, Utc};
use std::error::Error;

const ORIGIN: &str = "annals.example/found";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        return Err("a plan and a new folder are expected".into());
    };
    let text = std::fs::read_to_string(file)?;
    let plan = Plan::read(&text).map_err(|faults| format!("{faults:?}"))?;
    let now = Utc::now().trunc_subsecs(3);

    // In earnest each party makes its own keys, and hands over the public halves alone.
    let made = plan.parties.iter().map(founder).collect::<Result<Vec<_>, KeyFault>>()?;
    let opened = Opened {
        clock: Clock::Real,
        ledger_key: SigningKey::from_seed(ORIGIN, Kind::Ed25519, &random())?.verifier(),
        nonce: hex(&random::<16>()).try_into()?,
        origin: ORIGIN.to_owned().try_into()?,
        parties: made.iter().map(|(founder, _)| founder.clone()).collect(),
        plan_sha256: sha256(text.as_bytes()).try_into()?,
        rules: RULES,
    };
    let ledger = Ledger::create(folder.as_ref())?;
    let record = |draft: &Draft, key: &SigningKey| -> Result<_, Box<dyn Error>> {
        let id = ids::new(draft.time, random());
        let (request, disclosures) = draft.sign(id, ORIGIN, ledger.head().leaf, key, &mut random)?;
        Ok(ledger.record(request, disclosures)?)
    };
    let ((first, key), others) = made.split_first().ok_or("a plan has parties")?;
    for draft in charter::drafts(&plan, &opened.plan_sha256, &opened, &first.id, now)? {
        record(&draft, key)?;
    }
    for (party, key) in others {
        let author = Author { party: party.id.clone(), institution: None };
        let data = [("plan_sha256".to_owned(), opened.plan_sha256.as_str().into())].into_iter().collect();
        record(&Draft::new(author, "ledger".to_owned(), "ledger.acceded", now, data), key)?;
    }
    println!("{} entries, head {}", ledger.head().size, ledger.head().leaf);
    Ok(())
}

/// A party with two authority keys and a witness key, and the first of them.
fn founder(party: &Party) -> Result<(Founder, SigningKey), KeyFault> {
    let key = |role: &str, kind| SigningKey::from_seed(&format!("{}/{role}", party.id), kind, &random());
    let (first, second) = (key("authority-1", Kind::Ed25519)?, key("authority-2", Kind::Ed25519)?);
    let authority = vec![first.verifier(), second.verifier()];
    let witness = vec![key("witness-1", Kind::Cosignature)?.verifier()];
    let (id, name, time_zone) = (party.id.clone(), party.name.clone(), party.time_zone);
    Ok((Founder { id, name, time_zone, authority, witness }, first))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
