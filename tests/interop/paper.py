"""A report on paper, as poppler reads it: words in their own letters, and on each page its number and the head that it is made from.

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
    heads.update(re.findall(r"\b[0-9a-f]{64}\b", page.strip().splitlines()[-1]))
    assert "annals report" in page.strip().splitlines()[0], (number, page[:200])
assert len(heads) == 1, heads
print(f"{len(pages)} pages, head {heads.pop()}")
