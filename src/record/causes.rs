//! Why something is wrong, in a line: what an error says, and what is behind it.

/// What an error says, with all that stands behind it, as a line.
#[must_use]
pub fn of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
