"""`rulewright diff RULES REFORM`, `rulewright diff us@HEAD~10 us`: what differs, and what it comes to."""

from __future__ import annotations

from api.cli.output import say, say_json, waiting
from api.failures import ExitCode
from api.rules import programs
from api.rules.revisions import at_revision
from api.schema import as_data
from api.simulate.diff_words import in_words
from api.simulate.differences import compare


def diff_command(rules: str, other: str, at: str, examples: bool, as_json: bool) -> int:
    """Compare rules with a reform of them, or with other rules: a folder, or a revision of git."""
    with waiting("comparing"):
        differences = compare(rules, other, at, examples)
    if as_json:
        say_json(as_data(differences))
        return ExitCode.DONE
    name, _ = at_revision(rules)
    for line in in_words(differences, programs.load_program(name).settings.currency):
        say(line)
    return ExitCode.DONE
