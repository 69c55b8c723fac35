"""Writes data/direct_file.json.gz, the IRS Direct File returns (CC0) that `direct_file.py` reads, in compact form.

    python -m tests.validation.make_direct_file FOLDER

FOLDER holds `scenarios/NAME.json`, the facts of a return, and `expected-1040/NAME.yml`, the fields of its finished Form
1040 or 1040-SR. Kept are the facts that bear on tax, and the amounts on lines 1a to 37.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "data" / "direct_file.json.gz"
RECORD = re.compile(r"/(\w+)/#([0-9a-f-]+)/(.*)")
FIELD = re.compile(r'topmostSubform\[0\]\.Page\d\[0\]\.(?:[\w-]+\[0\]\.)*(f\d_\d+)\[0\]: "(.*)"')
# what bears on no figure: names, addresses, identities other than the kind of number, and the state of the screens
IDLE = re.compile(
    r"[Nn]ame|Initial|Suffix|[Pp]in$|[Aa]ddress|occupation|[Ee]mail|[Pp]hone|[Ss]een|IsDone|flow|[Ss]tate(?!d|ment)|Locali?t|"
    r"bank|Ach|comms|[Ll]anguage|Flag|Saved|Designee|[Ss]ign|Preference|imported|[Ee]in|payer|Digital|Foreign|presid"
)
FIRST_PAGE = "1a 1b 1c 1d 1e 1f 1g 1h 1i 1z 2a 2b 3a 3b 4a 4b 5a 5b 6a 6b".split()
INCOME = "7 8 9 10 11 12 13 14 15".split()
TAX = "16 17 18 19 20 21 22 23 24 25a 25b 25c 25d 26 27 28 29".split()
PAYMENTS = "31 32 33".split()


def field_lines(senior: bool) -> dict[str, str]:
    """Which line each field is, on Form 1040 or on Form 1040-SR, which has larger type and three pages."""
    fields = {f"f1_{32 + number}": line for number, line in enumerate(FIRST_PAGE)}
    if senior:
        fields |= {f"f2_{1 + number:02}": line for number, line in enumerate(INCOME)}
        fields |= {f"f2_{11 + number}": line for number, line in enumerate(TAX)}
        fields |= {f"f2_{29 + number}": line for number, line in enumerate(PAYMENTS)}
        return fields | {"f3_01": "34", "f3_06": "37"}
    fields |= {f"f1_{52 + number}": line for number, line in enumerate(INCOME)}
    fields |= {f"f2_{2 + number:02}": line for number, line in enumerate(TAX)}
    fields |= {f"f2_{20 + number}": line for number, line in enumerate(PAYMENTS)}
    return fields | {"f2_23": "34", "f2_28": "37"}


def plain(fact: dict[str, Any]) -> Any:
    """A fact's value: a choice's name, a date, the identity of a record, an amount as text, or a flag."""
    item = fact["item"]
    if isinstance(item, dict):
        for key in ("value", "values", "date", "id", "items", "area"):
            if key in item:
                result = item[key]
                return result[0] if key == "value" and isinstance(result, list) else result
        return None
    return item


def facts_of(path: Path) -> dict[str, Any]:
    """`{"": facts of the return, "formW2s": {identity: facts}, …}`."""
    by_name: dict[str, Any] = {"": {}}
    for name, fact in sorted(json.loads(path.read_text(encoding="utf-8"))["facts"].items()):
        record = RECORD.fullmatch(name)
        value = plain(fact)
        if IDLE.search(record[3] if record else name) or value in (None, "", []):
            continue
        if record is None:
            by_name[""][name[1:]] = value
        else:
            by_name.setdefault(record[1], {}).setdefault(record[2], {})[record[3]] = value
    return by_name


def lines_of(path: Path) -> dict[str, str]:
    """The amounts that are filled in, by line."""
    fields = [match.groups() for match in map(FIELD.match, path.read_text(encoding="utf-8").splitlines()) if match]
    lines = field_lines(any(name.startswith("f3_") for name, _ in fields))
    return {lines[name]: amount.removesuffix(".00") for name, amount in fields if name in lines and amount}


def read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """The returns of a folder by name. One that lacks a part, or cannot be read, is named on stderr and left out."""
    by_name = {}
    for path in sorted((folder / "scenarios").glob("*.json")):
        expected = folder / "expected-1040" / f"{path.stem}.yml"
        try:
            by_name[path.stem] = {"facts": facts_of(path), "lines": lines_of(expected)}
        except (OSError, ValueError, KeyError) as fault:
            print(f"left out: {path.stem}: {fault!r}", file=sys.stderr)
    return by_name


def main() -> None:
    """Write the file."""
    returns = read_folder(Path(sys.argv[1]))
    text = json.dumps(returns, separators=(",", ":"), sort_keys=True)
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(returns)} returns, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
