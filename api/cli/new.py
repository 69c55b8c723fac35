"""`rulewright new JURISDICTION`: a small working ruleset to go on from."""

from __future__ import annotations

from api.cli.output import say, say_json
from api.failures import ExitCode
from api.rules.new import write_ruleset
from api.rules.programs import MANUAL
from api.schema import as_data


def new_command(jurisdiction: str, currency: str, year: int | None, as_json: bool) -> int:
    """Write the ruleset, and say what to do with it."""
    written = write_ruleset(jurisdiction, currency, year)
    if as_json:
        say_json(as_data(written))
        return ExitCode.DONE
    for name in written.files:
        say(f"{written.folder}/{name}")
    say(f"\nNext: rulewright check {written.folder}, rulewright test {written.folder} --watch")
    say(f"The language: {MANUAL}")
    return ExitCode.DONE
