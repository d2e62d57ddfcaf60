//! What the rules and the folds cost for one action of which 110 words were said: decide, evolve, status, the board's row,
//! and the whole judgement of a request.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench stops where it fails")]

use annals::domain::action::{self, Context, Event};
use annals::domain::assertion::{Lifecycle, Progressed};
use annals::domain::party::Author;
use annals::domain::status;
use annals::domain::value::Code;
use annals::domain::word::{Place, Said, Word, Words};
use annals::exchange::specimen::{Note, Specimen};
use annals::projection::board;
use annals::projection::filter::Filter;
use annals::projection::reading::Reading;
use annals::record::archive::Whole;
use annals::record::fact::Fact;
use annals::record::history::History;
use annals::record::prepared::Claim;
use annals::record::state::State;
use annals::trail::entry::Entry;
use chrono::{Days, NaiveDate};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use uuid::Uuid;

const WORDS: u64 = 110;

/// A history, with an archive of its names and words, and the specimen that it is of.
struct Past {
    specimen: Specimen,
    history: History,
    state: State,
    archive: Whole,
}

fn past() -> Past {
    let mut specimen = Specimen::new(8_000).unwrap();
    let (mut history, mut state, mut archive) = (History::default(), State::default(), Whole::default());
    for line in specimen.by_ref().flat_map(|batch| batch.unwrap().lines) {
        let entry = Entry::parse(&line).unwrap();
        let (fact, held) = Fact::read(&entry.request.event).unwrap();
        history.evolve(&entry, &fact);
        state.take(&mut archive, &entry, &fact, &held).unwrap();
    }
    Past { specimen, history, state, archive }
}

/// Words of both parties in turn, true since the one day or the other.
fn words(authors: &[Author; 2]) -> Words {
    let begin = NaiveDate::from_ymd_opt(2021, 1, 4).unwrap();
    let lifecycles = [Lifecycle::UnderWay, Lifecycle::Continuing, Lifecycle::Suspended];
    let word = |sequence: u64| {
        let (id, day) = (Uuid::from_u128(sequence.into()), begin + Days::new(sequence * 13));
        let author = &authors[usize::try_from(sequence % 2).unwrap()];
        let place = Place { id, sequence, day, author, answers: None };
        let effective = (begin + Days::new(sequence * 37 % 1_400)).to_string().parse().unwrap();
        let lifecycle = lifecycles[usize::try_from(sequence % 3).unwrap()];
        Word { lifecycle: Some(lifecycle), ..Word::spoken(&place, effective, Said::Progressed) }
    };
    (0..WORDS).map(word).collect()
}

fn actions(c: &mut Criterion) {
    let past = past();
    let parties: [Code; 2] = ["DK", "KR"].map(|party| party.parse().unwrap());
    let authors = parties.clone().map(|party| Author { party, institution: None });
    let (words, author) = (words(&authors), &authors[0]);
    let (code, state) = past.history.state.programme.actions.iter().next().unwrap();
    let today = NaiveDate::from_ymd_opt(2024, 12, 31).unwrap();
    let period = past.history.state.programme.period();
    let said: Progressed =
        serde_json::from_str(r#"{"effective": "2022-06-14", "lifecycle": "continuing"}"#).unwrap();
    let event = Event::Progressed(said);
    let both: Vec<&Code> = parties.iter().collect();

    let mut group = c.benchmark_group("action");
    let context = Context {
        author,
        today,
        day: today,
        answers: None,
        period,
        parties: &[],
        base: 0,
        reading: None,
        founding: false,
    };
    group.bench_function("decide", |b| {
        b.iter(|| action::decide(state, &words, black_box(&event), &context).unwrap());
    });
    let place = Place { id: Uuid::from_u128(1 << 100), sequence: WORDS, day: today, author, answers: None };
    group.bench_function("say", |b| {
        let say = |mut words| {
            action::say(&mut words, &event, &place);
            words
        };
        b.iter_batched(|| words.clone(), say, BatchSize::SmallInput);
    });
    group.bench_function("status", |b| {
        b.iter(|| status::of(black_box(&words), &both, None, 180).latest.is_some());
    });
    group.bench_function("status_by_a_day", |b| {
        let day = NaiveDate::from_ymd_opt(2022, 12, 31);
        b.iter(|| status::of(black_box(&words), &both, day, 180).latest.is_some());
    });
    let reading = Reading::of(&past.history.state, None, None, None);
    assert!(past.history.words.contains_key(code));
    group.bench_function("row", |b| {
        b.iter(|| board::row(&past.history, state, &both, &reading).map(|row| row.stale));
    });
    group.bench_function("board_of_72", |b| {
        b.iter(|| board::of(&past.history, &reading, &Filter::default()).map(|rows| rows.len()));
    });
    group.finish();
}

fn requests(c: &mut Criterion) {
    let Past { specimen, state, mut archive, .. } = past();
    let action = specimen.actions().next().unwrap();
    let (request, disclosures) =
        specimen.assertion(action, [7; 10], state.recorded, state.head.leaf, Note::Without).unwrap();
    assert!(disclosures.is_empty());
    let mut group = c.benchmark_group("request");
    group.bench_function("decide", |b| {
        let claim = Claim::of(&request, &state.keys);
        b.iter(|| {
            let judged = state.decide(&mut archive, black_box(&request), &claim, state.recorded);
            judged.unwrap().map(|_| ()).unwrap();
        });
    });
    group.finish();
}

fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! {
    name = benches;
    config = short();
    targets = actions, requests
}
criterion_main!(benches);
