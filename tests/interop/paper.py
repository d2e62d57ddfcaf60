"""A report on paper, as poppler reads it: words in their own letters, and on each page its number, how the report is made again, and the
reading of its chapter with the head.

    paper.py FILE.pdf WORD...
"""

import re
import subprocess
import sys

file, *words = sys.argv[1:]
text = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True).stdout.decode()
pages = text.split("\f")[:-1]
assert len(pages) > 5, len(pages)
for word in words:
    assert word in text, word
heads = set()
for number, page in enumerate(pages, 1):
    assert f"{number} / {len(pages)}" in page, (number, page[-400:])
    foot = [line for line in page.strip().splitlines() if re.search(r"\b[0-9a-f]{64}\b", line)][-1]
    heads.update(re.findall(r"\b[0-9a-f]{64}\b", foot))
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", foot), (number, foot)
    assert "annals report" in page.strip().splitlines()[0], (number, page[:200])
# What was frozen, and what came of it.
assert len(heads) == 2, heads
print(f"{len(pages)} pages, heads {' '.join(sorted(heads))}")
