//! A desk at which a review is held, and what stands in the pages that are made there.

use crate::program;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

pub(crate) const PLAN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/denmark-korea-2021-2024/plan.json");

pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, command: &str) -> Output {
        program::annals(self.0.path()).args(command.split_whitespace()).output().unwrap()
    }

    pub(crate) fn done(&self, command: &str) -> String {
        program::said(command, self.run(command))
    }

    /// A review in which something was found and decided, with a text that a spreadsheet would run and Markdown would format.
    pub(crate) fn reviewing() -> Self {
        let desk = Self(TempDir::new().unwrap());
        let time = |hour: u32| format!("--time 2023-01-09T{hour:02}:00:00.000Z");
        desk.done(&format!(
            "init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"
        ));
        for (hour, command) in (1..).zip([
            "record progress 1.G2G.3 --as DK --lifecycle continuing --effective 2022-03-01 --time 2022-03-09T08:00:00.000Z",
            "review open R2022 --as DK --cutoff 2022-12-31",
            "review assess R2022 1.G2G.3 --as DK --finding substantial --cite 125",
            "review assess R2022 1.G2G.3 --as KR --finding limited",
            "review assess R2022 --line 1 --criterion impact --as KR --finding limited",
            "review propose R2022 1.G2G.3 amend --text =1+1|*bold* --as DK --reason So",
            "review agree 1.G2G.3 --as KR",
        ]) {
            let timed = if command.contains("--time") { String::new() } else { time(hour) };
            desk.done(&format!("{command} {timed}"));
        }
        desk
    }

    /// One in which bases of agreement changed, signed and closed.
    pub(crate) fn agreeing() -> Self {
        let desk = Self(TempDir::new().unwrap());
        for command in [
            &format!("init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"),
            "record instrument 2.1 --as KR --state signed --effective 2021-09 --time 2021-10-01T08:00:00.000Z",
            "record instrument 1.1 --as DK --state lapsed --effective 2022-03 --time 2022-03-01T08:00:00.000Z",
            "record instrument 1.2 --as DK --state lapsed --effective 2023-01-05 --time 2023-01-08T08:00:00.000Z",
            "review open R2022 --as DK --cutoff 2022-12-31 --axis effective --time 2023-01-09T08:00:00.000Z",
            "review sign R2022 --as DK --time 2023-02-01T08:00:00.000Z",
            "review sign R2022 --as KR --time 2023-02-02T08:00:00.000Z",
            "review close R2022 --as KR --time 2023-02-03T08:00:00.000Z",
        ] {
            desk.done(command);
        }
        desk
    }

    /// As above, with reasons for several readers, of which one is erased.
    pub(crate) fn reasoning() -> Self {
        let desk = Self::reviewing();
        for command in [
            "review assess R2022 1.G2G.4 --as DK --finding limited --rationale Parties --audience parties",
            "review assess R2022 1.G2G.4 --as KR --finding limited --rationale Own --audience KR",
            "review assess R2022 --line 2 --criterion impact --as KR --finding limited --rationale Public --audience public",
            "review propose R2022 1.G2G.4 suspend --as KR --reason Proposed",
            "review decline 1.G2G.4 --as DK --reason Declined",
            "review propose R2022 1.G2G.6 retain --as KR --reason Kept",
            "review agree 1.G2G.6 --as DK --note Gladly",
            "review assess R2022 1.G2G.5 --as DK --finding limited --rationale Regretted",
        ] {
            desk.done(&format!("{command} --time 2023-01-10T08:00:00.000Z"));
        }
        let entries: Value = serde_json::from_str(&desk.done("--format json timeline 1.G2G.5")).unwrap();
        let regretted = entries["rows"].as_array().unwrap().last().unwrap()["sequence"].clone();
        desk.done(&format!(
            "erase {regretted} --field rationale --as DK --reason Named --basis GDPR-17 --time 2023-01-11T08:00:00.000Z"
        ));
        desk
    }

    /// One in which something was measured by the cut-off and after it, and corrected.
    pub(crate) fn measuring() -> Self {
        let desk = Self(TempDir::new().unwrap());
        for command in [
            &format!("init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"),
            "record progress 1.G2G.3 --as KR --effective 2021-06 --indicator visits=-2.5:days --indicator rate=27.30 --time 2021-07-01T08:00:00.000Z",
            "record progress 1.G2G.3 --as KR --effective 2022-03-01 --indicator visits=12:days --time 2022-04-01T08:00:00.000Z",
            "record progress 1.G2G.3 --as DK --effective 2022-05 --indicator visits=11:days --time 2022-06-01T08:00:00.000Z",
            "record progress 1.G2G.4 --as DK --effective 2022-05 --indicator visits=1 --time 2022-06-01T08:00:00.000Z",
            "record correct 1.G2G.4 128 --as DK --reason Typo --time 2022-06-02T08:00:00.000Z",
            "record progress 1.G2G.3 --as DK --effective 2023-01-05 --indicator visits=13:days --time 2023-01-08T08:00:00.000Z",
            "review open R2022 --as DK --cutoff 2022-12-31 --axis effective --time 2023-01-09T08:00:00.000Z",
        ] {
            desk.done(command);
        }
        desk
    }

    pub(crate) fn close(&self) {
        for command in
            ["review sign R2022 --as DK", "review sign R2022 --as KR", "review close R2022 --as DK"]
        {
            self.done(&format!("{command} --time 2023-02-01T08:00:00.000Z"));
        }
    }
}

/// What stands in an element that holds text alone.
pub(crate) fn held(page: &str, id: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("<pre id=\"{id}\" hidden>\n"))?;
    let (text, _) = rest.split_once("</pre>").unwrap();
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}
