"""A feed of `annals calendar`, read by icalendar: every event takes whole days, ends after it begins, and has a UID of its own; and what
is in it is what `annals due` answers. Where nothing is, a journal entry says so.

    feed.py FEED DUE
"""

import datetime
import json
import sys

import icalendar

with open(sys.argv[1], "rb") as file:
    raw = file.read()
calendar = icalendar.Calendar.from_ical(raw)
with open(sys.argv[2], encoding="utf-8") as file:
    due = json.load(file)
assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "a line is longer than 75 bytes"
assert raw.count(b"\n") == raw.count(b"\r\n"), "a line does not end as RFC 5545 says"
assert calendar["VERSION"] == "2.0" and calendar["PRODID"] and "METHOD" not in calendar
about = str(calendar["DESCRIPTION"])
assert due["reading"]["head"] in about and about.splitlines()[-1].startswith("annals calendar "), about
events = calendar.walk("VEVENT")
assert len(events) == len(due["rows"]) and (len(events) > 10 or not events), (len(events), len(due["rows"]))
journals = calendar.walk("VJOURNAL")
assert len(journals) == (0 if events else 1), len(journals)
for journal in journals:
    assert str(journal["UID"]).startswith("nothing@") and journal["DTSTAMP"].dt.tzinfo is not None
    assert str(journal["SUMMARY"]) and due["reading"]["head"] in str(journal["DESCRIPTION"])
uids = [str(event["UID"]) for event in events]
assert len(set(uids)) == len(uids), "a UID occurs twice"
for event, row in zip(events, due["rows"]):
    begin, end = event["DTSTART"].dt, event["DTEND"].dt
    assert type(begin) is datetime.date and end - begin == datetime.timedelta(days=1), (begin, end)
    assert begin.isoformat() == row["closes"], (begin, row)
    assert str(event["UID"]).startswith(row["subject"] + "/"), (event["UID"], row)
    assert event["DTSTAMP"].dt.tzinfo is not None
    assert str(event["SUMMARY"]) and due["reading"]["head"] in str(event["DESCRIPTION"])
print(f"{len(events)} events")
