"""A workbook of `annals report`, read by openpyxl: its sheets, that dates and numbers have their types, that headings stay where
they are and can be filtered, and that the board in it is what `annals status` answers.

    workbook.py WORKBOOK STATUS
"""

import datetime
import json
import sys

import openpyxl

workbook = openpyxl.load_workbook(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    status = json.load(file)
SHEETS = ["About", "Findings by line", "Findings", "Criteria", "Decisions", "Progress by line", "Status", "Indicators"]
SHEETS += ["Bases of agreement", "Exceptions", "Opened, signed, closed", "Parties and institutions"]
assert workbook.sheetnames == SHEETS, workbook.sheetnames
for sheet in workbook.worksheets[1:]:
    assert sheet.freeze_panes == "B2", (sheet.title, sheet.freeze_panes)
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert bool(sheet.auto_filter.ref) == bool(rows), sheet.title
    assert sheet.oddHeader.left.text.strip().startswith("annals report "), sheet.title
    assert all(word in sheet.oddFooter.left.text for word in ("as recorded: ", "as effective: ", "head ")), sheet.title
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            assert cell.data_type != "f", (sheet.title, cell.coordinate)

sheet = workbook["Status"]
headings = [cell.value for cell in sheet[1]]
rows = [dict(zip(headings, row)) for row in sheet.iter_rows(min_row=2, values_only=True)]
assert len(rows) == len(status["rows"]) == 69, len(rows)
dates = 0
for row, answered in zip(rows, status["rows"]):
    assert row["Action"] == answered["action"]
    for party in status["reading"]["parties"]:
        assert row[f"{party}_sequence"] == answered.get(f"{party}_sequence"), (row, answered)
        effective, written = answered.get(f"{party}_effective"), row[f"{party}_effective"]
        if effective is not None and len(effective) == 10:
            assert written == datetime.datetime.fromisoformat(effective), (written, effective)
            dates += 1
        else:
            assert written == effective, (written, effective)
assert dates > 10, dates
print(f"{len(workbook.sheetnames)} sheets, {len(rows)} actions, {dates} dates")
