"""A return sheet of `annals sheet out`, filled in and saved by openpyxl, as an office program would.

    sheet.py fill MADE SAME RETURNED EXPECTED    saved as it is; filled in, sorted and cut; and what is new in that
    sheet.py check EXPECTED ANSWER               whether `annals sheet in` has found that, and nothing else
"""

import datetime
import json
import sys
import time

import openpyxl


def columns(sheet):
    return {cell.value: cell.column for cell in sheet[1]}


def fill(made, same, returned, expected):
    workbook = openpyxl.load_workbook(made)
    assert workbook.sheetnames == ["About", "Return"], workbook.sheetnames
    workbook.save(same)
    # As an office program does, and to the second: when it was saved is after it was made.
    time.sleep(1)
    workbook.properties.modified = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)

    sheet = workbook["Return"]
    at = columns(sheet)
    assert sheet.protection.sheet and sheet.freeze_panes == "B2" and sheet.auto_filter.ref, sheet.title
    for cell in sheet[2]:
        assert cell.protection.locked == (cell.column < at["LIFECYCLE"]), cell.coordinate
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert '"planned,under_way,continuing,suspended,completed"' in lists.values(), lists

    # The rows from the last to the first, without the first five, and one of them hidden.
    rows = [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows(min_row=7)]
    sheet.delete_rows(2, sheet.max_row)
    for number, row in enumerate(reversed(rows), 2):
        for column, (value, style) in enumerate(row, 1):
            sheet.cell(number, column, value).number_format = style
    sheet.row_dimensions[4].hidden = True

    def put(row, **cells):
        for heading, value in cells.items():
            sheet.cell(row, at[heading]).value = value
            if isinstance(value, datetime.datetime):
                sheet.cell(row, at[heading]).number_format = "yyyy-mm-dd"
        return sheet.cell(row, at["ACTION"]).value

    day = datetime.datetime(2025, 1, 15)
    data = {
        put(2, NOTE="=1+1 회의", SINCE=day): {"effective": "2025-01-15", "note": "=1+1 회의"},
        put(3, HEALTH="at_risk", NOTE="Held up", SINCE="2025-02"): {
            "effective": "2025-02", "health": "at_risk", "note": "Held up",
        },
        put(4, WINDOW=2024, OCCURRENCE="postponed", DATE=None, SINCE=2025): {
            "effective": "2025", "occurrence": {"window": "2024", "state": "postponed"},
        },
    }
    # A text that begins like a formula is one.
    sheet.cell(2, at["NOTE"]).data_type = "s"
    workbook.save(returned)
    with open(expected, "w", encoding="utf-8") as file:
        json.dump(data, file)


def check(expected, answer):
    with open(expected, encoding="utf-8") as file:
        expected = json.load(file)
    with open(answer, encoding="utf-8") as file:
        answer = json.load(file)
    found = {edit["action"]: edit["data"] for edit in answer["edits"]}
    assert found == expected, (found, expected)
    print(f"{len(found)} words, {answer['recorded']} new")


{"fill": fill, "check": check}[sys.argv[1]](*sys.argv[2:])
