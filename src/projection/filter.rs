//! Which actions an answer is about.

use crate::domain::assertion::{Health, Lifecycle};
use crate::domain::plan::Action;
use crate::domain::programme::Programme;
use crate::domain::status::{Joint, Status};
use crate::domain::value::Code;
use crate::domain::{action, instrument};
use chrono::NaiveDate;

/// What an action has to be; every condition that is given holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This one.
    pub action: Option<Code>,
    /// In this line of effort.
    pub line: Option<u16>,
    /// In this track.
    pub track: Option<Code>,
    /// With an institution of this party, named or assigned.
    pub party: Option<Code>,
    /// With this institution, named or assigned, or with one whose work has passed to it.
    pub institution: Option<Code>,
    /// In a line that names this Sustainable Development Goal.
    pub goal: Option<u8>,
    /// Agreed or said to stand here.
    pub lifecycle: Option<Lifecycle>,
    /// Agreed or said to do so.
    pub health: Option<Health>,
    /// With this joint status.
    pub joint: Option<Joint>,
}

impl Filter {
    /// Whether it is about actions by what they are or what was said of them, and not only about whole lines.
    #[must_use]
    pub const fn is_of_actions(&self) -> bool {
        self.action.is_some()
            || self.track.is_some()
            || self.party.is_some()
            || self.institution.is_some()
            || self.lifecycle.is_some()
            || self.health.is_some()
            || self.joint.is_some()
    }

    /// The bases of agreement that are meant, by reference: those of the lines; where actions are meant by more than their
    /// lines, those that one of the `actions` rests on.
    #[must_use]
    pub fn bases<'a>(&self, programme: &'a Programme, actions: &[&Action]) -> Vec<&'a instrument::State> {
        let of_actions = self.is_of_actions();
        let meant = |base: &&instrument::State| {
            let base = &base.instrument;
            self.line.is_none_or(|line| base.line == line)
                && self.goal.is_none_or(|goal| names(programme, base.line, goal))
                && (!of_actions || actions.iter().any(|action| action.basis.contains(&base.reference)))
        };
        programme.instruments.values().map(AsRef::as_ref).filter(meant).collect()
    }

    /// Whether an action is meant, whatever was said of it; who had it by a day counts, or who has it, if none is given.
    #[must_use]
    pub fn admits(&self, programme: &Programme, state: &action::State, by: Option<NaiveDate>) -> bool {
        let assigned = || state.assignments.tasks(by).map(|(institution, _)| institution);
        self.describes(
            programme,
            &state.action,
            &|party| assigned().any(|body| programme.party_of(body) == Some(party)),
            &|wanted| {
                let held = || programme.held(state, by).into_iter();
                assigned().any(|institution| institution == wanted)
                    || held().any(|held| programme.passed(held.assigned).any(|body| body == wanted))
            },
        )
    }

    /// Whether an action that is only proposed is meant, by what it would be: it stands nowhere, and nobody has it.
    #[must_use]
    pub fn admits_proposed(&self, programme: &Programme, action: &Action) -> bool {
        let stands = self.lifecycle.is_some() || self.health.is_some() || self.joint.is_some();
        !stands && self.describes(programme, action, &|_| false, &|_| false)
    }

    /// Whether this is what an action is, where somebody tells whether a party or an institution has it that is not named in it.
    fn describes(
        &self,
        programme: &Programme,
        action: &Action,
        of_party: &dyn Fn(&Code) -> bool,
        of_institution: &dyn Fn(&Code) -> bool,
    ) -> bool {
        let named = |means: &dyn Fn(&Code) -> bool| action.institutions.iter().any(means);
        self.action.as_ref().is_none_or(|wanted| action.reference == *wanted)
            && self.line.is_none_or(|line| action.line == line)
            && self.track.as_ref().is_none_or(|track| action.track == *track)
            && self
                .party
                .as_ref()
                .is_none_or(|party| named(&|body| programme.party_of(body) == Some(party)) || of_party(party))
            && self.institution.as_ref().is_none_or(|wanted| {
                named(&|named| programme.passed(named).any(|body| body == wanted)) || of_institution(wanted)
            })
            && self.goal.is_none_or(|goal| names(programme, action.line, goal))
    }

    /// Whether a task of an action is meant: of the party, and assigned to the institution or to one whose work has passed to it.
    #[must_use]
    pub fn means(&self, programme: &Programme, party: &Code, assigned: &Code) -> bool {
        let passes = |wanted| programme.passed(assigned).any(|body| body == wanted);
        self.party.as_ref().is_none_or(|wanted| wanted == party)
            && self.institution.as_ref().is_none_or(passes)
    }

    /// Whether an action with this status is meant.
    #[must_use]
    pub fn matches(&self, status: &Status<'_>) -> bool {
        let lifecycle = status.lifecycle.value.unwrap_or(Lifecycle::Planned);
        let silent = status.lifecycle.joint == Joint::Silent;
        self.lifecycle
            .is_none_or(|wanted| (status.lifecycle.value == Some(wanted)) || (silent && lifecycle == wanted))
            && self.health.is_none_or(|wanted| status.health.value == Some(wanted))
            && self.joint.is_none_or(|wanted| status.lifecycle.joint == wanted)
    }
}

/// Whether a line names a Sustainable Development Goal.
fn names(programme: &Programme, line: u16, goal: u8) -> bool {
    let mut lines = programme.plan.iter().flat_map(|plan| &plan.lines).filter(|each| each.number == line);
    lines.any(|line| line.goals.iter().any(|each| each.number == goal))
}
