//! Reviews: opened, judged, decided, signed and closed, and what the plan is by them.

use super::desk::{Answer, Desk, PLAN};

/// Both sides on one desk, in a ledger in which they tell the time.
struct Table {
    desk: Desk,
    hours: u32,
}

impl Table {
    /// The command, an hour after the one before.
    fn timed(&mut self, command: &str) -> String {
        self.hours += 1;
        format!("{command} --time 2023-01-{:02}T{:02}:00:00.000Z", 2 + self.hours / 24, self.hours % 24)
    }

    fn say(&mut self, command: &str) {
        let command = self.timed(command);
        self.desk.ask(&command);
    }

    fn refused(&mut self, command: &str) {
        let command = self.timed(command);
        self.desk.refused(&command, 1);
    }
}

pub(crate) fn reviewed() -> Vec<Answer> {
    let mut desk = Desk::new();
    desk.ask(&format!("init {PLAN} --as DK --both-sides --illustrative --time 2021-05-11T08:00:00.000Z"));
    let mut table = Table { desk, hours: 0 };
    opened(&mut table);
    judged(&mut table);
    decided(&mut table);
    closed(&mut table);
    again(&mut table);
    table.desk.read_both("verify");
    table.desk.answers
}

fn opened(table: &mut Table) {
    table.desk.read_both("review list");
    table.desk.read_both("plan show --line 1 --track G2G");
    table.say("record instrument 1.1 --as DK --state in_force --effective 2022 --expires 2021-12");
    table.say("record assign 1.G2G.8 KR-ME --as KR --effective 2022 --due 2021-12");
    table.desk.read_both("lint --line 1");
    table.say("record progress 1.G2G.3 --as DK --lifecycle continuing --effective 2022-03");
    table.say("record progress 1.G2G.4 --as DK --lifecycle continuing --effective 2022-03");
    table.say("record progress 1.G2G.4 --as KR --lifecycle under_way --effective 2022-04");
    table.desk.refused("review open R2022 --as DK --cutoff 2020-12-31", 2);
    table.say("review open R2022 --as DK --cutoff 2022-12-31 --axis effective");
    table.desk.read_both("review list");
    table.desk.read_both("review show R2022");
}

fn judged(table: &mut Table) {
    let assess = "review assess R2022";
    for finding in ["no_evidence", "not_started", "limited", "substantial", "complete"] {
        table.say(&format!(
            "{assess} 1.G2G.3 --as DK --finding {finding} --cite 128 --cite 126 --rationale Seen"
        ));
        table.say(&format!("{assess} --line 1 --criterion impact --as KR --finding {finding}"));
        table.desk.read_both("review show R2022 --line 1 --track G2G");
        table.desk.read_both("review show R2022 --criteria --line 1");
    }
    for party in ["DK", "KR"] {
        table.say(&format!("{assess} 1.G2G.4 --as {party} --finding limited"));
        table.say(&format!(
            "{assess} --line 2 --criterion relevance --as {party} --finding limited --cite 127"
        ));
    }
    table.say(&format!("{assess} 1.G2G.3 --as KR --finding limited"));
    table.say(&format!("{assess} --line 1 --criterion impact --as DK --finding limited"));
    table.refused(&format!("{assess} --line 9 --criterion impact --as DK --finding limited"));
    table.desk.refused(&format!("{assess} --as DK --finding limited"), 2);
}

fn decided(table: &mut Table) {
    table.desk.refused("review propose R2022 1.G2G.1 amend --as DK --reason x", 2);
    table.desk.write(
        "action.json",
        br#"{"ref":"1.G2G.9","line":1,"track":"G2G","text":"A new one","kind":"deliverable","firmness":"will",
            "institutions":[],"basis":[],"notes":[]}"#,
    );
    table.desk.write("other.json", b"{}");
    table.desk.refused("review propose R2022 1.G2G.9 add --action other.json --as DK --reason x", 2);
    table.say("review propose R2022 1.G2G.9 add --action action.json --as DK --reason New");
    table.desk.read_both("review show R2022 --line 1");
    table.desk.refused("review agree 1.G2G.9 --as KR --note no", 2);
    table.say("review agree 1.G2G.9 --as KR");
    for proposal in [
        "1.G2G.1 retain",
        "1.G2G.1 clarify --cycle P2Y --lead KR-MFA --due 2024",
        "1.G2G.2 amend --text Meet",
        "1.G2G.3 suspend --effective 2023-01-01",
        "1.G2G.4 merge --into 1.G2G.3",
        "1.G2G.5 split --into 1.G2G.9 --into 1.G2G.2",
        "1.G2G.6 discontinue",
    ] {
        table.say(&format!("review propose R2022 {proposal} --as KR --reason So"));
        let action = proposal.split(' ').next().unwrap();
        table.say(&format!("review agree {action} --as DK --note Ja"));
        table.desk.refused(&format!("review agree {action} --as DK"), 2);
    }
}

fn closed(table: &mut Table) {
    table.say("review propose R2022 1.G2G.7 suspend --effective 2022-06 --as KR --reason So");
    table.say("review propose R2022 1.G2G.7 retain --as KR --reason So");
    // What was said since of a later time stands in the way of the first.
    table.say("record progress 1.G2G.7 --as DK --lifecycle continuing --effective 2022-07");
    table.desk.refused("review decline 1.G2G.7 --as DK --reason No", 2);
    table.desk.refused("review decline 1.G2G.7 126 --as DK --reason No", 2);
    table.desk.read_both("review list");
    table.desk.read_both("show 1.G2G.7");
    table.desk.read_both("inbox --as DK --since 126");
    table.refused("review sign R2022 --as DK");
    let last = table.desk.ask("review list")["reading"]["size"].as_u64().unwrap();
    for proposal in [last - 3, last - 2] {
        table.say(&format!("review decline 1.G2G.7 {proposal} --as DK --reason No"));
    }
    table.desk.read_both("plan show");
    table.say("review sign R2022 --as DK --note Ja");
    table.say("review sign R2022 --as KR");
    table.say("review close R2022 --as KR");
    for command in [
        "review list",
        "review show R2022",
        "review show R2022 --criteria",
        "plan show",
        "plan show --version 1 --line 1",
        "plan diff 1 2",
        "plan diff 2",
        "show 1.G2G.1",
        "show 1.G2G.2",
        "show 1.G2G.4",
        "show 1.G2G.6",
        "show 1.G2G.9",
        "status --line 1 --review R2022",
        "timeline --line 1",
        "diff 120",
    ] {
        table.desk.read_both(command);
    }
}

/// The next one, beside it.
fn again(table: &mut Table) {
    table.desk.both_anew("report R2022 -o evaluation.xlsx", "evaluation.xlsx");
    table.desk.both_anew("report R2022 -o evaluation.md", "evaluation.md");
    table.desk.both_anew("report R2022 -o evaluation.html --lang da", "evaluation.html");
    table.desk.both_anew("report R2022 -o evaluation.json --lang ko", "evaluation.json");
    table.desk.both_anew("report R2022 -o results.csv --section results", "results.csv");
    table.desk.refused("report R2022 -o evaluation.md", 2);
    table.desk.both_anew("brief 1 -o brief.md", "brief.md");
    table.desk.both_anew("brief 1 -o brief.csv --section silent --lang ko", "brief.csv");
    table.desk.refused("brief 1 -o brief.md", 2);
    table.desk.refused("brief 9 -o other.md", 2);
    let activities = "iati --org DK-CVR-1 --org-name Annals -o activities.xml";
    table.desk.both_anew(activities, "activities.xml");
    table.desk.refused(activities, 2);
    table.desk.refused("iati --org Denmark --org-name Annals -o other.xml", 2);
    table.say("review open R2023 --as DK --cutoff 2023-01-02");
    let before = table.desk.run("review open R2020 --as DK --cutoff 2020-06-30 --axis effective");
    assert!(
        String::from_utf8_lossy(&before.stderr).contains("the review R2023 looks at what was until"),
        "{before:?}"
    );
    for command in [
        "review list",
        "review show R2023 --line 1 --track G2G",
        "review show R2023 --criteria",
        "diff --review R2022 R2023",
    ] {
        table.desk.read_both(command);
    }
    for wrong in [
        "plan show --version 3",
        "plan diff 2 1",
        "plan diff 3",
        "review show R2021",
        "status --review R2021",
        "status --review R2022 --at 3",
        "diff --review R2022",
    ] {
        table.desk.refused(wrong, 2);
    }
}
