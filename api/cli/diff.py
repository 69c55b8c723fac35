"""`rulewright diff RULES REFORM`: what is different, which figures can change, and by how much."""

from __future__ import annotations

from api.cli.output import say, say_json, waiting
from api.failures import ExitCode
from api.rules import programs
from api.schema import as_data
from api.simulate.differences import compare, in_words


def diff_command(rules: str, other: str, at: str, examples: bool, as_json: bool) -> int:
    """Compare rules with a reform of them, or with another folder of rules."""
    with waiting("comparing"):
        differences = compare(rules, other, at, examples)
    if as_json:
        say_json(as_data(differences))
        return ExitCode.DONE
    for line in in_words(differences, programs.load_program(rules).settings.currency):
        say(line)
    return ExitCode.DONE
