//! Parsers of what is named on the command line: actions and reviews, and the words of an axis, so that help lists them and a wrong
//! one is answered with those that there are.

use annals::domain::assertion::{Health, Lifecycle, OccurrenceState, Outcome, Role};
use annals::domain::change;
use annals::domain::finding::{Criterion, Finding};
use annals::domain::plan::InstrumentState;
use annals::domain::review::Axis;
use annals::domain::sealed::Audience;
use annals::domain::status::Joint;
use annals::domain::value::{Code, NotAValue};
use annals::projection::audit::{Rule, Stratum};
use annals::projection::silence;
use annals::record::role;
use annals::report::labels::Language;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::convert::Infallible;
use std::str::FromStr;

fn of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| word(*value)))
        .try_map(move |text| all.iter().copied().find(|value| word(*value) == text).ok_or("unknown"))
}

pub(crate) fn lifecycle() -> impl TypedValueParser<Value = Lifecycle> {
    of(Lifecycle::ALL, Lifecycle::as_str)
}

pub(crate) fn health() -> impl TypedValueParser<Value = Health> {
    of(Health::ALL, Health::as_str)
}

pub(crate) fn occurrence() -> impl TypedValueParser<Value = OccurrenceState> {
    of(OccurrenceState::ALL, OccurrenceState::as_str)
}

pub(crate) fn outcome() -> impl TypedValueParser<Value = Outcome> {
    of(Outcome::ALL, Outcome::as_str)
}

pub(crate) fn role() -> impl TypedValueParser<Value = Role> {
    of(Role::ALL, Role::as_str)
}

pub(crate) fn instrument() -> impl TypedValueParser<Value = InstrumentState> {
    of(InstrumentState::ALL, InstrumentState::as_str)
}

pub(crate) fn stratum() -> impl TypedValueParser<Value = Stratum> {
    of(Stratum::ALL, Stratum::as_str)
}

pub(crate) fn exception() -> impl TypedValueParser<Value = Rule> {
    of(Rule::ALL, Rule::as_str)
}

pub(crate) fn silence() -> impl TypedValueParser<Value = silence::Rule> {
    of(silence::Rule::ALL, silence::Rule::as_str)
}

pub(crate) fn finding() -> impl TypedValueParser<Value = Finding> {
    of(Finding::ALL, Finding::as_str)
}

pub(crate) fn criterion() -> impl TypedValueParser<Value = Criterion> {
    of(Criterion::ALL, Criterion::as_str)
}

pub(crate) fn decision() -> impl TypedValueParser<Value = change::Kind> {
    of(change::Kind::ALL, change::Kind::as_str)
}

pub(crate) fn axis() -> impl TypedValueParser<Value = Axis> {
    of(Axis::ALL, Axis::as_str)
}

pub(crate) fn language() -> impl TypedValueParser<Value = Language> {
    of(Language::ALL, Language::as_str)
}

pub(crate) fn joint() -> impl TypedValueParser<Value = Joint> {
    of(&Joint::ALL, Joint::as_str)
}

pub(crate) fn key_role() -> impl TypedValueParser<Value = role::Role> {
    of(&role::Role::ALL, role::Role::as_str)
}

/// For whom withheld values are: one of two words, or a party, of which no ledger is asked here.
pub(crate) fn audience(text: &str) -> Result<Audience, NotAValue> {
    Audience::try_from(text.to_owned())
}

/// What names an action, which its stream does as well: `1.G2G.3`, `actions/1.G2G.3`.
pub(crate) fn action<T: FromStr>(name: &str) -> Result<T, T::Err> {
    name.strip_prefix("actions/").unwrap_or(name).parse()
}

/// What names an instrument, which its stream does as well: `2.1`, `instruments/2.1`.
#[expect(clippy::unnecessary_wraps, reason = "as parsers are")]
pub(crate) fn basis(name: &str) -> Result<String, Infallible> {
    Ok(name.strip_prefix("instruments/").unwrap_or(name).to_owned())
}

/// The number of a line of effort, as it is printed or told: `2`, `lines/2`.
pub(crate) fn line(name: &str) -> Result<u16, &'static str> {
    name.strip_prefix("lines/")
        .unwrap_or(name)
        .parse()
        .map_err(|_| "the number of a line of effort is expected, such as 2")
}

/// What names a review, which its stream does as well: `R2022`, `reviews/R2022`.
pub(crate) fn review(name: &str) -> Result<Code, NotAValue> {
    name.strip_prefix("reviews/").unwrap_or(name).parse()
}
