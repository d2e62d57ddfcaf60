//! The command that makes a document again, as a shell takes it.

use annals::ledger::examination::quoted;

/// `annals`, what it is asked for, and its options with their values.
pub(crate) fn command<'a>(what: &str, options: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let options = options.into_iter().map(|(option, value)| format!(" {option} {}", quoted(&value)));
    format!("annals {what}{}", options.collect::<String>())
}

/// An option that has to be said, because its value is not the one that is meant where nobody says it.
pub(crate) fn unless(
    default: &str,
    (option, value): (&'static str, impl ToString),
) -> Option<(&'static str, String)> {
    Some(value.to_string()).filter(|value| value != default).map(|value| (option, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word() {
        let options = [("-o", "the minister's.html".to_owned()), ("--lang", "da".to_owned())];
        assert_eq!(
            command("report R2022", options),
            "annals report R2022 -o 'the minister'\\''s.html' --lang da"
        );
    }
}
