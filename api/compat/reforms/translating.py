"""Reforms as Tax-Calculator and PolicyEngine write them in JSON, as overlays on our law.

`us.yaml` says which parameter is where. What is not there is listed, and never left out in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from api.compat.reforms.derived import scales, sums
from api.compat.reforms.moving import INDEXED, moving_on, says_nothing_else, stays
from api.compat.reforms.policyengine import of_policyengine
from api.compat.reforms.settings import Edit, Setting, Unlimited
from api.compat.reforms.taxcalc import companions, of_taxcalc
from api.failures import Failure, Misuse
from api.rules.programs import load_program
from engine.ir.program import Program

_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|//[^\r\n]*', re.DOTALL)
NAMES = Path(__file__).with_name("us.yaml")
MOVED_ON = (
    "Tax-Calculator moves what it sets on with prices, and so does the overlay (`indexed`), by the index of our rules"
)
STAYS = "Tax-Calculator may move this on with prices; nothing here does, and it stays as set"


@dataclass(frozen=True, slots=True)
class Translated:
    """An overlay as YAML text; which of their parameters are not here, and what is understood otherwise here."""

    text: str
    unread: tuple[str, ...]
    notes: tuple[str, ...]


def translate(path: Path) -> Translated:
    """A JSON reform as an overlay. Raises Failure for one that cannot be read or of which nothing is here."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise Misuse(f"there is no file `{path}`", "name a JSON reform") from None
    return translate_text(path.stem, text, lambda: load_program("us"))


def translate_text(title: str, text: str, law: Callable[[], Program]) -> Translated:
    """A reform in JSON as an overlay; `law` is asked only for what follows from the law and the reform together."""
    said = _read(title, text)
    theirs = "policyengine" if any(name.startswith("gov.") for name in said) else "taxcalc"
    names = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    unread: list[str] = []
    staying: set[str] = set()
    notes: list[str] = []
    edits: list[Edit] = []
    values_set: dict[str, dict[str, str]] = {}

    def keep(settings: Iterator[Setting]) -> None:
        for setting in settings:
            values_set.setdefault(setting.target, {})[setting.day] = setting.value

    for name in (name for name in said if not name.endswith(INDEXED)):
        try:
            settings = list(of_policyengine(name, said[name], names[theirs]) if theirs == "policyengine"
                            else of_taxcalc(name, said, names[theirs]))  # fmt: skip
        except Unlimited as unlimited:
            settings = []
            notes.append(f"{unlimited.message}: it is left out")
        if stays(said, name):
            staying |= {setting.target for setting in settings if isinstance(setting, Setting)}
        edits += [setting for setting in settings if isinstance(setting, Edit)]
        keep(setting for setting in settings if isinstance(setting, Setting))
        if not settings and name not in _served(said, names[theirs]):
            unread.append(name)
    known = names[theirs]
    unread += [name for name in said if name.endswith(INDEXED) and not says_nothing_else(said, name, known)]
    if not values_set and not edits:
        raise Failure(
            f"none of the parameters of `{title}` is here: {', '.join(unread)}", "write an overlay of our own"
        )
    if edits:
        keep(scales(law(), edits))
    if theirs == "taxcalc" and any(part in values_set for parts in names["sums"].values() for part in parts):
        keep(sums(law(), names["sums"], values_set))
    if theirs == "taxcalc":
        notes += _move_on(law(), values_set, staying)
    return Translated(_overlay(title, values_set), tuple(unread), tuple(notes))


def _read(title: str, text: str) -> Mapping[str, Any]:
    """What a file says, without the comments that Tax-Calculator's files have."""
    plain = _COMMENT.sub(lambda match: match[1] or " " * len(match[0]), text)
    try:
        said = json.loads(plain, parse_float=str, parse_int=str, object_pairs_hook=_once)
    except ValueError as fault:
        raise Failure(f"`{title}` is not JSON: {fault}", "write it as JSON, without commas before a brace") from None
    if isinstance(said, dict) and isinstance(said.get("policy"), dict):
        beside = {name: content for name, content in said.items() if name != "policy" and content}
        said = {**said["policy"], **beside}
    if not isinstance(said, dict) or not said:
        raise Failure(f"`{title}` holds no reform", 'write `{"CTC_c": {"2026": 3000}}`')
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which nothing is said twice. Raises Failure."""
    said = dict(pairs)
    if len(said) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Failure(f"`{twice}` is said twice", "leave one of the two")
    return said


def _served(said: Mapping[str, Any], names: Mapping[str, Any]) -> set[str]:
    """Parameters that another of the reform stands for, being one provision here."""
    return {other for name in said if name in names for other in companions(names[name])}


def _move_on(law: Program, values_set: dict[str, dict[str, str]], staying: set[str]) -> list[str]:
    """Let what was set move on as Tax-Calculator does; what is to be said of that."""
    following = list(moving_on(law, values_set, staying))
    moved = [setting for setting in following if isinstance(setting, Setting)]
    for setting in moved:
        values_set[setting.target][setting.day] = setting.value
    still = [f"`{target}`: {STAYS}" for target in following if isinstance(target, str)]
    return [*([f"{MOVED_ON}."] if moved else []), *(f"{line}." for line in still)]


def _overlay(title: str, values_set: Mapping[str, Mapping[str, str]]) -> str:
    lines = [f"about: {json.dumps(title)}", "law: A proposal", "set:"]
    for target, values in values_set.items():
        dated = ", ".join(f"{day}: {value}" for day, value in sorted(values.items()))
        lines.append(f"  {target}: {{{dated}}}")
    return "\n".join(lines) + "\n"
