"""`rulewright search WORDS` and `rulewright list RULES`: what there is in the rules, by word, label, law and module."""

from __future__ import annotations

from collections.abc import Sequence
from shutil import get_terminal_size

from api.cli.output import complain, count, say, say_json, waiting
from api.failures import ExitCode, Misuse, suggestion
from api.rules import programs
from api.rules.names import KINDS, Summary, listed, names, search
from api.schema import as_data, cited

_MAX_NAME = 48


def search_command(words: Sequence[str], rules: str, kinds: Sequence[str], limit: int, as_json: bool) -> int:
    """Print what has all the words in its name, label, law or module, best first."""
    _check_kinds(kinds)
    with waiting("reading the rules"):
        ruleset = programs.read(rules)
    found = search(ruleset, " ".join(words), kinds or KINDS)
    if as_json:
        say_json({"total": len(found), "names": as_data(tuple(found[:limit]))})
    else:
        _say_all(found[:limit])
        if len(found) > limit:
            complain(f"{limit:,} of {len(found):,}; add a word, `--kind`, or `--limit {len(found)}`")
    if not found:
        complain(f"nothing in `{rules}` has the words `{' '.join(words)}`")
    return ExitCode.DONE if found else ExitCode.FAILED


def list_command(rules: str, kinds: Sequence[str], module: str, as_json: bool) -> int:
    """Print everything that has a name, by module and kind; without `rules` the rules that are shipped."""
    _check_kinds(kinds)
    if not rules:
        return _list_rulesets(as_json)
    with waiting("reading the rules"):
        ruleset = programs.read(rules)
    modules = [one.name for one in ruleset.modules]
    if module and not any(_within(one, module) for one in modules):
        raise Misuse(f"there is no module or folder `{module}`", suggestion(module, modules, "see `rulewright list`"))
    found = [
        listed(one)
        for one in names(ruleset)
        if (one.kind in kinds if kinds else one.kind != "member") and (not module or _within(one.module, module))
    ]
    if as_json:
        say_json({"total": len(found), "names": as_data(tuple(found))})
        return ExitCode.DONE
    for heading in dict.fromkeys(one.module for one in found):
        say(heading or "ruleset.yaml")
        _say_all([one for one in found if one.module == heading], "  ")
    complain(f"{count(len(found), 'name')} in {count(len({one.module for one in found}), 'file')}")
    return ExitCode.DONE


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module.rstrip('/')}/")


def _list_rulesets(as_json: bool) -> int:
    shipped = programs.shipped_rules()
    if as_json:
        say_json({"rulesets": shipped})
    for name in () if as_json else shipped:
        say(name)
    return ExitCode.DONE


def _check_kinds(kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            known = ", ".join(f"`{one}`" for one in KINDS)
            raise Misuse(f"there is no kind `{kind}`", suggestion(kind, KINDS, f"one of {known}"))


def _say_all(found: Sequence[Summary], indent: str = "") -> None:
    """A line for each: its name, its kind, its label and its law, cut where the line ends."""
    width = min(max((len(one.name) for one in found), default=0), _MAX_NAME)
    room = max(get_terminal_size((200, 24)).columns, 60)
    for one in found:
        law = cited(one.law)
        line = f"{indent}{one.name:{width}}  {one.kind:11}  {one.label}" + (f"  [{law}]" if law else "")
        say(line if len(line) <= room else line[: room - 1] + "\u2026")
