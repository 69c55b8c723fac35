"""`engine/README.md` lists every code, as the catalogue and the bad files have it."""

from __future__ import annotations

import re

from engine.text.codes import CODES
from tests.language.codes_page import PAGE, with_codes


def test_the_page_is_what_the_bad_files_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_codes(page) == page, "run `python -m tests.language.codes_page`"


def test_the_page_has_every_code_with_its_meaning_and_a_remedy() -> None:
    page = PAGE.read_text(encoding="utf-8")
    headings = dict(re.findall(r"^### ([EW]\d{3}): (.+)$", page, re.MULTILINE))
    assert headings == CODES
    assert len(re.findall(r"^Instead: \S.+\.$", page, re.MULTILINE)) == len(CODES)
