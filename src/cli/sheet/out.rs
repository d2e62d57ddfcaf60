//! `annals sheet out`: the workbook that is filled in.

use super::super::again;
use super::super::axes::Which;
use super::super::failure::Failure;
use super::super::files;
use super::super::inbox::takes_part;
use super::super::output::{self, Standing};
use super::super::settings::Settings;
use super::super::words;
use annals::exchange::sheet::Made;
use annals::exchange::sheet::workbook::ROW_LIMIT;
use annals::record::request::Speaker;
use annals::report::form::Form;
use annals::report::labels::Language;
use annals::report::xlsx::form;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a workbook with a row for each action: what was said last, and cells for what is new
#[derive(Args)]
#[command(after_help = "\
Examples:
  annals sheet out --as KR --institution MSIT -o msit.xlsx
  annals sheet out --as DK --line 2 --lang da -o line-2.xlsx

Headings and instructions are in English, Danish or Korean; the words that are filled in are the same in all, and `About` tells what they \
mean. The yellow cells are filled in; all others are protected, without a password. The same head gives the same bytes. Actions that have ended \
are left out. A workbook has 10,000 rows at most.")]
pub(crate) struct Out {
    /// Whose words it takes: a party such as KR, or an institution of it such as KR/MSIT, with its actions [default: `as` in
    /// annals.toml]
    #[arg(long = "as", value_name = "WHO")]
    desk: Option<Speaker>,
    /// Into this file, which must not exist: its name ends with .xlsx
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// In which language: en, da or ko
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = words::language())]
    lang: Language,
    #[command(flatten)]
    which: Which,
}

impl Out {
    pub(super) fn run(mut self, settings: &Settings) -> Result<ExitCode, Failure> {
        let path = &self.output;
        if path.extension().is_none_or(|extension| extension != "xlsx") {
            return Err(Failure::usage(format!(
                "{}: a name that ends with .xlsx is expected",
                path.display()
            )));
        }
        files::can_be_made(path)?;
        let Some(Speaker(us)) = self.desk.or_else(|| settings.desk.clone()) else {
            return Err(Failure::usage(
                "whose sheet? Give `--as PARTY`, or `as = \"PARTY\"` in annals.toml".to_owned(),
            ));
        };
        let ledger = settings.reading()?;
        let state = ledger.state();
        takes_part(&state, &us)?;
        self.which.institution = self.which.institution.or(us.institution);
        let meant = self.which.again();
        let filter = self.which.filter(&state)?;
        let institution = filter.institution.clone();
        let Some(made) =
            Made::of(&ledger, None, &us.party, &filter, self.lang)?.filter(|made| !made.rows.is_empty())
        else {
            return Err(Failure::usage("no action is meant: there is nothing to fill in".to_owned()));
        };
        if made.rows.len() >= ROW_LIMIT as usize {
            return Err(Failure::usage(format!(
                "{} actions are meant, and a sheet of more than {ROW_LIMIT} rows would not be taken back: choose some with \
                 `--institution` or `--line`",
                made.rows.len()
            )));
        }
        let language = again::unless(Language::En.as_str(), ("--lang", self.lang));
        let options = [("--as", us.party.to_string())].into_iter().chain(meant).chain(language);
        let command = again::command("sheet out", options.chain([("-o", "FILE".to_owned())]));
        let form = Form {
            title: state.programme.plan.as_deref().map_or_else(String::new, |plan| plan.title.to_string()),
            command,
            party: us.party,
            institution,
            reading: made.reading,
            recorded: made.history.state.recorded,
            columns: made.columns,
            rows: made.rows,
        };
        let bytes = form::of(&form, &made.labels)
            .map_err(|error| Failure::usage(format!("no workbook can be made: {error}")))?;
        files::write(path, &bytes)?;
        let actions = form.rows.len();
        let text = format!(
            "{} for {} written to {}",
            output::count(actions as u64, "action", "actions"),
            form.institution.as_ref().unwrap_or(&form.party),
            path.display()
        );
        let mut members = json!({
            "file": output::path(path), "party": form.party, "actions": actions, "bytes": bytes.len(),
        });
        if let (Some(members), Some(body)) = (members.as_object_mut(), &form.institution) {
            members.insert("institution".to_owned(), json!(body));
        }
        output::answer("sheet", &text, members, &Standing::of(&ledger), settings.format)?;
        Ok(ExitCode::SUCCESS)
    }
}
