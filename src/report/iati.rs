//! Activities as the International Aid Transparency Initiative has them (IATI Standard 2.03), in XML.
//!
//! The same head and axes give the same bytes: no clock is asked, and the times are those of the last entry that was read. Which part
//! of the record an activity is made of, and by which codes, is in [`activity`].
//!
//! A text of the ledger holds no character that XML 1.0 (§2.2) forbids: control characters and noncharacters are refused when it is
//! recorded, or read. What is markup is escaped.

pub mod activity;

use crate::domain::value::{Code, Text};
use crate::projection::reading::Reading;
use activity::{Activity, Dated, Level, Organisation, Part, Relation, Stage};
use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesPI, BytesText, Event};
use std::fmt;
use std::io;
use std::str::FromStr;

/// The codes of the list `OrganisationType`: 10 a government, 15 another public sector body, 40 a multilateral one …
pub const ORGANISATION_TYPES: [&str; 16] =
    ["10", "11", "15", "21", "22", "23", "24", "30", "40", "60", "70", "71", "72", "73", "80", "90"];

/// Multi-national (`ActivityScope`): “multiple countries, that don't constitute a region”.
const SCOPE: &str = "3";
/// The Sustainable Development Goals (`TagVocabulary`).
const GOALS: &str = "2";
/// General, and other (`DescriptionType`).
const DESCRIPTIONS: [&str; 2] = ["1", "4"];
/// Another identifier than the publisher's (`OtherIdentifierType`): that of the ledger, which is of all parties.
const OTHER: &str = "A9";

/// Who publishes the activities, and whose identifiers they have.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// As it is registered.
    pub reference: Reference,
    /// One of [`ORGANISATION_TYPES`].
    pub kind: String,
    /// Its name.
    pub name: Text,
}

/// The identifier of an organisation: the code of a registration agency, which begins with capital letters, a hyphen, and the number
/// there, such as `XM-DAC-3-1`. Older ones name a country alone (`SE-0`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

/// Not the identifier of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an organisation's identifier: its registration agency, a hyphen and its number there, such as XM-DAC-3-1, without \
     spaces, `/`, `&`, `|` and `?`; org-id.guide lists the agencies"
)]
pub struct NotAReference(String);

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let is_number = |number: &str| {
            number.bytes().all(|byte| byte.is_ascii_graphic() && !b"/&|?".contains(&byte))
                && number.ends_with(|last: char| last != '-')
        };
        let is_agency = |begin: &str| begin.len() > 1 && begin.bytes().all(|byte| byte.is_ascii_uppercase());
        match text.split_once('-') {
            Some((begin, number)) if is_agency(begin) && is_number(number) => Ok(Self(text.to_owned())),
            _ => Err(NotAReference(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is written once for all activities.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// From which reading.
    pub reading: &'a Reading,
    /// When the last entry that was read was recorded.
    pub recorded: DateTime<Utc>,
    /// The language of the plan.
    pub language: &'a Code,
    /// Who publishes them.
    pub publisher: &'a Publisher,
    /// How they are made again.
    pub command: &'a str,
}

/// The document.
///
/// # Errors
/// None of its own: it is written to memory.
pub fn of(frame: &Frame<'_>, activities: &[Activity<'_>]) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.write_event(Event::Comment(BytesText::from_escaped(comment(frame.reading))))?;
    // Two hyphens end a comment, and most of a command's options begin with them.
    let command = frame.command.replace("?>", "?''>");
    xml.write_event(Event::PI(BytesPI::new(command)))?;
    let time = frame.recorded.to_rfc3339_opts(SecondsFormat::Millis, true);
    xml.create_element("iati-activities")
        .with_attributes([("version", "2.03"), ("generated-datetime", &time)])
        .write_inner_content(|xml| activities.iter().try_for_each(|each| write(xml, frame, &time, each)))?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn comment(reading: &Reading) -> String {
    let day = |day: Option<chrono::NaiveDate>| day.map_or("all".to_owned(), |day| day.to_string());
    let worth = if reading.illustrative { " · illustrative" } else { "" };
    let mut text = format!(
        " {}, as recorded: {} · as effective: {} · {} entries, head {}{worth}; made again with the command that follows ",
        reading.origin,
        day(reading.recorded),
        day(reading.effective),
        reading.head.size,
        reading.head.leaf
    );
    // XML 1.0 §2.5: two hyphens do not stand in a comment.
    while text.contains("--") {
        text = text.replace("--", "- -");
    }
    text
}

type Xml = Writer<Vec<u8>>;

/// An activity, its elements in the order of the schema.
fn write(xml: &mut Xml, frame: &Frame<'_>, time: &str, activity: &Activity<'_>) -> io::Result<()> {
    let Frame { reading, publisher, .. } = frame;
    let attributes = [
        ("last-updated-datetime", time),
        ("xml:lang", language(frame.language)),
        ("hierarchy", activity.level.code()),
    ];
    let identifier = |id: &str| format!("{}-{id}", publisher.reference);
    let inside = |xml: &mut Xml| {
        xml.create_element("iati-identifier")
            .write_text_content(BytesText::new(&identifier(&activity.id)))?;
        let reporting = [("ref", publisher.reference.0.as_str()), ("type", publisher.kind.as_str())];
        element(xml, "reporting-org", &reporting, &[(None, publisher.name.as_str())])?;
        element(xml, "title", &[], &[(None, &activity.title)])?;
        let [general, other] = DESCRIPTIONS;
        element(xml, "description", &[("type", general)], &[(None, &activity.text)])?;
        element(xml, "description", &[("type", other)], &[(Some("en"), &activity.standing)])?;
        for Organisation { part, names } in &activity.organisations {
            let names: Vec<_> =
                names.iter().map(|(tongue, name)| (tongue.map(language), name.as_str())).collect();
            element(xml, "participating-org", &[("role", part.code())], &names)?;
        }
        let known = format!("{}/{}", reading.origin, activity.subject);
        element(xml, "other-identifier", &[("ref", &known), ("type", OTHER)], &[])?;
        element(xml, "activity-status", &[("code", activity.stage.code())], &[])?;
        for (dated, date) in &activity.dates {
            let (day, said) = (date.begin().to_string(), date.to_string());
            // A month or a year stands for its first day, and beside it as it was said.
            let narratives: &[_] = if day == said { &[] } else { &[(None, said.as_str())] };
            element(xml, "activity-date", &[("iso-date", &day), ("type", dated.code())], narratives)?;
        }
        element(xml, "activity-scope", &[("code", SCOPE)], &[])?;
        for goal in &activity.goals {
            let number = goal.number.to_string();
            let printed = [(None, goal.printed.as_str())];
            element(xml, "tag", &[("vocabulary", GOALS), ("code", &number)], &printed)?;
        }
        for (relation, other) in &activity.related {
            let other = identifier(other);
            element(xml, "related-activity", &[("ref", &other), ("type", relation.code())], &[])?;
        }
        Ok(())
    };
    xml.create_element("iati-activity").with_attributes(attributes).write_inner_content(inside)?;
    Ok(())
}

/// An element with attributes, and narratives in their languages; in that of the activity where none is given.
fn element(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, &str)],
    narratives: &[(Option<&str>, &str)],
) -> io::Result<()> {
    let begun = xml.create_element(name).with_attributes(attributes.iter().copied());
    if narratives.is_empty() {
        begun.write_empty()?;
        return Ok(());
    }
    let narrative = |xml: &mut Xml, (language, text): &(Option<&str>, &str)| {
        let language = language.map(|language| ("xml:lang", language));
        xml.create_element("narrative").with_attributes(language).write_text_content(BytesText::new(text))?;
        Ok(())
    };
    begun.write_inner_content(|xml| narratives.iter().try_for_each(|each| narrative(xml, each)))?;
    Ok(())
}

/// A language as XML has it (RFC 5646 §2.1); what is none is said to be undetermined (§4.1).
fn language(code: &Code) -> &str {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = code
        .as_str()
        .split('-')
        .next()
        .is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if first && code.as_str().split('-').all(part) { code.as_str() } else { "und" }
}

impl Level {
    const fn code(self) -> &'static str {
        match self {
            Self::Programme => "1",
            Self::Action => "2",
        }
    }
}

impl Stage {
    const fn code(self) -> &'static str {
        match self {
            Self::Pipeline => "1",
            Self::Implementation => "2",
            Self::Finalisation => "3",
            Self::Cancelled => "5",
            Self::Suspended => "6",
        }
    }
}

impl Dated {
    const fn code(self) -> &'static str {
        match self {
            Self::PlannedStart => "1",
            Self::ActualStart => "2",
            Self::PlannedEnd => "3",
            Self::ActualEnd => "4",
        }
    }
}

impl Relation {
    const fn code(self) -> &'static str {
        match self {
            Self::Parent => "1",
            Self::Child => "2",
            Self::Sibling => "3",
        }
    }
}

impl Part {
    const fn code(self) -> &'static str {
        match self {
            Self::Accountable => "2",
            Self::Implementing => "4",
        }
    }
}
