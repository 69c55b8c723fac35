"""Hostile shapes through the command itself: no traceback, no hang, no wrong figure with exit code 0.

`python -m tests.cli.test_hostile_shapes 500 1000` tries 500 seeds from 1000 on and prints those that fail.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from fractions import Fraction
from pathlib import Path
from unittest import mock

import pytest

from api.cli.running import run as run_command
from tests.cli.hostile_land import REFUSED, Attempt, write_land
from tests.cli.hostile_shapes import made
from tests.cli.test_hostile_commands import at_most

SECONDS = 5  # of this process
SEEDS = 60


def outcome(attempt: Attempt) -> tuple[int, str, str]:
    """The exit code, what went to stdout, and what to stderr. Raises whatever the command raises."""
    stdin = io.TextIOWrapper(io.BytesIO(attempt.stdin.encode("utf-8", errors="surrogatepass")), encoding="utf-8")
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace"), io.StringIO()
    patched = mock.patch.multiple(sys, argv=["rulewright", *attempt.arguments], stdin=stdin)
    with patched, redirect_stdout(out), redirect_stderr(err), at_most(SECONDS):
        code = run_command()
    out.seek(0)
    return int(code), out.read(), err.getvalue()


def answered(attempt: Attempt, out: str) -> Fraction | None:
    """The tax that was answered; None where none was."""
    if attempt.arguments[0] == "calc":
        results = json.loads(out)["results"] if out.strip() else []
        values = [result["value"] for result in results if result["status"] == "determined"]
        return Fraction(values[0]) if values else None
    rows = [line.split(",") for line in out.split("\n") if line]
    return Fraction(rows[1][1]) if len(rows) > 1 and rows[1][1] else None


def check(folder: Path, seed: int) -> None:
    attempt = made(folder, seed)
    code, out, err = outcome(attempt)
    assert code in range(6), attempt
    assert code == 0 or (out + err).strip(), f"exit code {code} without a word: {attempt}"
    assert "Traceback" not in out + err
    expected = attempt.expected
    if expected is None:
        return
    answer = answered(attempt, out)
    if expected == REFUSED:
        assert answer is None or code != 0, (attempt, answer)
        assert code != 0, (attempt, out)
    elif isinstance(expected, tuple):
        assert code != 0 or answer == expected[0], (attempt, answer)
    else:
        assert (code, answer) == (0, expected), (attempt, answer, err)


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    write_land(folder)
    return folder


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hostile_shapes_give_the_right_figure_or_none(land: Path, seed: int) -> None:
    check(land, seed)


if __name__ == "__main__":
    import tempfile
    import traceback

    with tempfile.TemporaryDirectory() as name:
        write_land(Path(name))
        first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
        for number in range(first, first + int(sys.argv[1])):
            try:
                check(Path(name), number)
            except BaseException:
                print(f"seed {number}:", file=sys.stderr)
                traceback.print_exc(limit=-4)
