//! Upcasters: an event of an older version of its type, as the newest version says it.
//!
//! What was recorded never changes, and what it means does not either: where a type gets a new version, an upcaster tells how
//! the older one says the same. Whoever asks what an event means asks for [`newest`], on every way of reading; whoever shows,
//! hashes or checks what was signed has the event itself. Version 1 is the newest of every type today.

use crate::trail::entry::Event;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How one version of a type is said in the next.
#[derive(Debug)]
struct Upcaster {
    /// The older type: `annals.action.progressed.v1`.
    from: &'static str,
    /// The newer one.
    to: &'static str,
    /// The older fields as the newer ones. A digest may change its place, and never its field's name.
    fields: fn(Map<String, Value>) -> Map<String, Value>,
}

const UPCASTERS: &[Upcaster] = &[];

/// An event as the newest version of its type says it; itself, where it is of that version or of a type that is not known.
#[must_use]
pub fn newest(event: &Event) -> Cow<'_, Event> {
    said_by(event, UPCASTERS)
}

fn said_by<'e>(event: &'e Event, upcasters: &[Upcaster]) -> Cow<'e, Event> {
    let mut newest = Cow::Borrowed(event);
    while let Some(next) = upcasters.iter().find(|next| newest.kind == next.from) {
        let event = newest.to_mut();
        event.kind = next.to.into();
        event.data = (next.fields)(event.data.members()).into();
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::super::fact::{Fact, TYPES};
    use super::*;
    use crate::trail::entry::Entry;

    const HISTORY: &str = include_str!("../../tests/vectors/history.jsonl");

    /// As if two versions had come before: first a word had another name, then it stood one level deeper.
    const BEFORE: &[Upcaster] = &[
        Upcaster {
            from: "annals.action.progressed.v8",
            to: "annals.action.progressed.v9",
            fields: |mut fields| {
                let word = fields.remove("state");
                fields.extend(
                    word.map(|word| {
                        ("status".to_owned(), Map::from_iter([("word".to_owned(), word)]).into())
                    }),
                );
                fields
            },
        },
        Upcaster {
            from: "annals.action.progressed.v9",
            to: "annals.action.progressed.v1",
            fields: |mut fields| {
                let word =
                    fields.remove("status").and_then(|mut status| status.get_mut("word").map(Value::take));
                fields.extend(word.map(|word| ("lifecycle".to_owned(), word)));
                fields
            },
        },
    ];

    #[test]
    fn an_event_of_an_older_version_states_what_the_newest_says() {
        let entry = HISTORY.lines().find(|line| line.contains("action.progressed") && line.contains("_sd"));
        let event = Entry::parse(entry.unwrap().as_bytes()).unwrap().request.event;
        assert_eq!(*newest(&event), event);
        assert_eq!(*said_by(&event, BEFORE), event);
        let mut older = event.clone();
        let mut fields = event.data.members();
        let word = fields.remove("lifecycle").unwrap();
        fields.insert("state".to_owned(), word);
        (older.kind, older.data) = ("annals.action.progressed.v8".into(), fields.into());
        assert!(Fact::read(&older).is_err());
        let said = said_by(&older, BEFORE);
        assert_eq!(*said, event);
        assert_eq!(Fact::read(&said), Fact::read(&event));
        assert!(!Fact::read(&said).unwrap().1.is_empty(), "its digests, too");
    }

    #[test]
    fn every_way_leads_to_a_type_that_is_known() {
        for upcasters in [UPCASTERS, BEFORE] {
            for (place, each) in upcasters.iter().enumerate() {
                let (later, versions) = (
                    upcasters.split_at(place + 1).1,
                    [each.from, each.to].map(|kind| kind.rsplit_once(".v")),
                );
                assert!(
                    later.iter().any(|next| next.from == each.to) || TYPES.contains(&each.to),
                    "{each:?}"
                );
                let [Some((from, _)), Some((to, _))] = versions else { panic!("{each:?}") };
                assert_eq!(from, to, "the same type");
                assert!(!TYPES.contains(&each.from), "{} is the newest no more", each.from);
            }
        }
    }
}
