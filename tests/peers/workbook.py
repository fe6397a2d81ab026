"""Reads a workbook as another program would, and prints it as JSON."""

import datetime
import json
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
rows = []
for sheet in book.worksheets:
    names = [cell.value for cell in sheet[1]]
    for line in sheet.iter_rows(min_row=2):
        row = {}
        for name, cell in zip(names, line):
            value = cell.value
            if isinstance(value, datetime.datetime):
                value = round(value.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
            row[name] = value
            row[name + " type"] = cell.data_type
        rows.append(row)
print(json.dumps({"sheets": book.sheetnames, "rows": rows}))
