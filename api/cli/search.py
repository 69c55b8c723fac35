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
    match = search(ruleset, " ".join(words), kinds or KINDS)
    if as_json:
        say_json({"total": len(match), "names": as_data(tuple(match[:limit]))})
    else:
        _say_all(match[:limit])
        if len(match) > limit:
            complain(f"{limit:,} of {len(match):,}; add a word, `--kind`, or `--limit {len(match)}`")
    if not match:
        complain(f"nothing in `{rules}` has the words `{' '.join(words)}`; other rules: `--rules FOLDER`")
    return ExitCode.DONE if match else ExitCode.FAILED


def list_command(rules: str, kinds: Sequence[str], module: str, as_json: bool) -> int:
    """Print everything that has a name, by module and kind; without `rules` the rules that are shipped."""
    _check_kinds(kinds)
    if not rules:
        return _list_rulesets(as_json)
    with waiting("reading the rules"):
        ruleset = programs.read(rules)
    modules = [known_module.name for known_module in ruleset.modules]
    if module and not any(_within(module_name, module) for module_name in modules):
        raise Misuse(f"there is no module or folder `{module}`", suggestion(module, modules, "see `rulewright list`"))
    summaries = [
        listed(name)
        for name in names(ruleset)
        if (name.kind in kinds if kinds else name.kind != "member") and (not module or _within(name.module, module))
    ]
    if as_json:
        say_json({"total": len(summaries), "names": as_data(tuple(summaries))})
        return ExitCode.DONE
    for heading in dict.fromkeys(summary.module for summary in summaries):
        say(heading or "ruleset.yaml")
        _say_all([summary for summary in summaries if summary.module == heading], "  ")
    complain(f"{count(len(summaries), 'name')} in {count(len({summary.module for summary in summaries}), 'file')}")
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
            known = ", ".join(f"`{known_kind}`" for known_kind in KINDS)
            raise Misuse(f"there is no kind `{kind}`", suggestion(kind, KINDS, f"one of {known}"))


def _say_all(summaries: Sequence[Summary], indent: str = "") -> None:
    """A line for each: its name, its kind, its label and its law, cut where the line ends. A name that is longer than
    its column has a line of its own, so that the columns stay below each other."""
    width = min(max((len(summary.name) for summary in summaries), default=0), _MAX_NAME)
    room = max(get_terminal_size((200, 24)).columns, 60)
    for summary in summaries:
        law = cited(summary.law)
        name = summary.name
        if len(name) > width:
            say(f"{indent}{name}")
            name = ""
        line = f"{indent}{name:{width}}  {summary.kind:11}  {summary.label}" + (f"  [{law}]" if law else "")
        say(line if len(line) <= room else line[: room - 1] + "\u2026")
