//! `annals review open`: a review begins, on a reading that stays what it is.

use super::super::failure::Failure;
use super::super::output;
use super::super::settings::Settings;
use super::super::signing::{Change, Signing, put};
use super::super::words;
use annals::domain::date::Effective;
use annals::domain::review::Axis;
use annals::domain::value::Code;
use annals::record::founding::{Clock, Founding};
use annals::record::state::State;
use chrono::{NaiveDate, Utc};
use clap::Args;
use serde_json::{Map, Value};
use std::process::ExitCode;

/// Open a review on a reading that stays what it is, however much is recorded meanwhile
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals review open R2022 --as DK --cutoff 2022-12-31
  annals review open R2023 --as KR --cutoff 2023-12-31 --axis effective

As `recorded` by the cut-off, the reading has the entries that were recorded by its end, as far as they are when the review is
opened: give a day that is over. As `effective` by it, it has all entries up to now, and of them the words that were true by then. Every reading command takes `--review R2022`.")]
pub(crate) struct Open {
    /// Its name, such as R2022
    #[arg(value_parser = words::review)]
    review: Code,
    /// By the end of this day, month or year
    #[arg(long, value_name = "DATE")]
    cutoff: Effective,
    /// On which time axis the cut-off lies
    #[arg(long, default_value = "recorded", value_parser = words::axis())]
    axis: Axis,
    /// From when on it looks back [default: after the review before, or the beginning of the plan]
    #[arg(long, value_name = "DATE")]
    from: Option<Effective>,
    /// Until when [default: the cut-off]
    #[arg(long, value_name = "DATE")]
    to: Option<Effective>,
    #[command(flatten)]
    signing: Signing,
}

impl Open {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitCode, Failure> {
        let ledger = self.signing.ledger(settings)?;
        let repeated = self.signing.repeats(&ledger)?.map(|entry| entry.request.event.data.members());
        let [size, leaf] = if let Some(opened) = &repeated {
            // What was opened before is opened again on the same reading.
            ["size", "head"].map(|name| opened.get(name).cloned())
        } else {
            let head = ledger.frozen(self.axis, self.cutoff)?;
            if head.size == 0 {
                let cutoff = self.cutoff.end();
                return Err(Failure::usage(format!(
                    "nothing was recorded by {cutoff}: give a later cut-off"
                )));
            }
            [Some(head.size.into()), Some(head.leaf.to_string().into())]
        };
        if repeated.is_none() {
            self.tell_of_today(&ledger.state());
        }
        let mut data = Map::new();
        let mut period = Map::new();
        let (state, to) = (ledger.state(), self.to.unwrap_or(self.cutoff));
        let last = last(&state, &self.review);
        let next = last.and_then(|(_, day)| day.succ_opt());
        let begin = next.or_else(|| state.programme.period().map(|period| period.begin()));
        let from = self.from.or_else(|| begin.map(|day| Effective::named(day, true)));
        let again = repeated.as_ref().and_then(|opened| opened.get("period")?.get("start").cloned());
        if let (None, None, Some((name, day)), Some(from)) = (&again, self.from, last, from)
            && to.end() < from.begin()
        {
            return Err(Failure::usage(format!(
                "the review {name} looks at what was until {day}, so that this one would begin on {} and end on {}: give \
                 `--from`, or a later `--cutoff`",
                from.begin(),
                to.end()
            )));
        }
        put(&mut period, "start", from);
        if let Some(start) = again.filter(|_| self.from.is_none()) {
            period.insert("start".to_owned(), start);
        }
        put(&mut period, "end", Some(to));
        data.insert("period".to_owned(), Value::Object(period));
        put(&mut data, "axis", Some(self.axis));
        put(&mut data, "cutoff", Some(self.cutoff));
        data.extend(size.map(|size| ("size".to_owned(), size)));
        data.extend(leaf.map(|leaf| ("head".to_owned(), leaf)));
        let subject = format!("reviews/{}", self.review);
        self.signing.record(&ledger, settings, Change::new(subject, "review.opened", data))
    }
}

impl Open {
    /// What is recorded by the end of a day that is not over yet is in no reading of now.
    fn tell_of_today(&self, state: &State) {
        let illustrative = state.clock() == Some(Clock::Illustrative);
        let now = if illustrative { self.signing.time() } else { Utc::now() }.max(state.recorded);
        let day = self.cutoff.end();
        // One that has not begun anywhere is refused.
        let runs = |founding: &Founding| day <= founding.first_day(now) && now < founding.end_of(day);
        if self.axis == Axis::Recorded && state.founding.as_ref().is_some_and(runs) {
            output::tell(format_args!(
                "{day} is not over everywhere: what is recorded until then is in no reading of this review, and in those of `--recorded {day}`; a \
                 cut-off that is over has all of it"
            ));
        }
    }
}

/// The other review that looks at the latest day, and this day.
fn last<'a>(state: &'a State, review: &Code) -> Option<(&'a Code, NaiveDate)> {
    let others = state.programme.reviews.iter().filter(|(name, _)| *name != review);
    others.map(|(name, review)| (name, review.opened.cutoff.end())).max_by_key(|(_, day)| *day)
}
