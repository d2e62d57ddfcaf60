//! Founds a ledger: one party opens it and lays a plan down, the other accedes.
//!
//!     cargo run --example found -- examples/denmark-korea-2021-2024/plan.json NEW-FOLDER
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an example talks to its reader and stops where it fails"
)]

use annals::domain::party::Author;
use annals::domain::plan::Plan;
use annals::ledger::Ledger;
use annals::record::charter;
use annals::record::founding::{Clock, Founder, Opened, RULES};
use annals::record::request::{Draft, new_id};
use annals::trail::hash::{hex, sha256};
use annals::trail::key::{Kind, SigningKey};
use chrono::{SubsecRound, Utc};
use std::error::Error;

const ORIGIN: &str = "annals.example/found";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("a plan document and a new folder are expected".into());
    };
    let text = std::fs::read_to_string(file)?;
    let plan = Plan::read(&text).map_err(|faults| format!("{faults:?}"))?;
    let digest = sha256(text.as_bytes()).try_into()?;
    let now = Utc::now().trunc_subsecs(3);

    // In earnest each party makes its own keys and hands over the public halves alone.
    let key = |name: &str, kind| SigningKey::from_seed(name, kind, &random());
    let (mut founders, mut authorities) = (Vec::new(), Vec::new());
    for party in &plan.parties {
        let own = |role: &str, kind| key(&format!("{}/{role}", party.id), kind);
        let (first, second) = (own("authority-1", Kind::Ed25519)?, own("authority-2", Kind::Ed25519)?);
        founders.push(Founder {
            id: party.id.clone(),
            name: party.name.clone(),
            time_zone: party.time_zone.clone(),
            authority: vec![first.verifier(), second.verifier()],
            witness: vec![own("witness-1", Kind::Cosignature)?.verifier()],
        });
        authorities.push((Author { party: party.id.clone(), institution: None }, first));
    }
    let opened = Opened {
        clock: Clock::Real,
        ledger_key: key(ORIGIN, Kind::Ed25519)?.verifier(),
        nonce: hex(&random::<16>()).try_into()?,
        origin: ORIGIN.to_owned().try_into()?,
        parties: founders,
        plan_sha256: digest,
        rules: RULES,
    };

    let ledger = Ledger::create(folder.as_ref())?;
    let record = |draft: &Draft, key: &SigningKey| -> Result<(), Box<dyn Error>> {
        let id = new_id(draft.time, random());
        let (request, disclosures) = draft.sign(id, ORIGIN, ledger.head().leaf, key, &mut random)?;
        ledger.record(request, disclosures)?;
        Ok(())
    };
    let (first, key) = &authorities[0];
    for draft in charter::drafts(&plan, &opened.plan_sha256, &opened, &first.party, now)? {
        record(&draft, key)?;
    }
    for (author, key) in &authorities[1..] {
        let data = [("plan_sha256".to_owned(), opened.plan_sha256.as_str().into())].into_iter().collect();
        record(&Draft::new(author.clone(), "ledger".to_owned(), "ledger.acceded", now, data), key)?;
    }
    println!("{} entries, head {}", ledger.head().size, ledger.head().leaf);
    Ok(())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
