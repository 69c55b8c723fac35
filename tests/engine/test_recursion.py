"""How deep Python may go is nobody's business but the evaluator's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.text.recursion import DEEPEST, deep_recursion

ROOT = Path(__file__).resolve().parents[2]


def test_the_limit_is_put_back_by_the_last_one_who_leaves() -> None:
    before = sys.getrecursionlimit()
    with deep_recursion():
        with deep_recursion():
            assert sys.getrecursionlimit() == DEEPEST
        assert sys.getrecursionlimit() == DEEPEST
    assert sys.getrecursionlimit() == before


def test_it_is_put_back_after_a_fault() -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(ZeroDivisionError), deep_recursion():
        raise ZeroDivisionError
    assert sys.getrecursionlimit() == before


def test_a_nested_text_is_refused_by_a_process_that_evaluates() -> None:
    """In a process of its own: where the limit is left standing, reading the text ends the process."""
    script = (
        "import json, engine.interpret.interpreter, engine.pipeline\n"
        "try:\n    json.loads('[' * 1_000_000)\n"
        "except RecursionError:\n    print(json.dumps('refused'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout and json.loads(done.stdout)) == (0, "refused")
