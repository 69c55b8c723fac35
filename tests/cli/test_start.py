"""A command imports what it needs and no more: starting is most of the time of a small calculation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "pyarrow", "llvmlite", "lark", "fastapi", "apsw", "altair", "engine.check", "engine.explain.tree")
SCRIPT = f"""
import sys
from api.cli import main
code = main()
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""
ROOT = Path(__file__).parents[2]


def test_a_calculation_from_a_kept_program_imports_nothing_heavy(rules: Path, case: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, "calc", str(rules), str(case), "--want", "income_tax"]
    for _ in range(2):  # the first run compiles the rules and keeps them
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["income_tax", "3,550", "USD"], "[]\n")


def test_questions_are_put_in_order_without_reading_the_sample_again(tmp_path: Path) -> None:
    script = (
        "import sys; from api.cases.likely import _shares; _shares();"
        " print([name for name in ('citizens', 'pyarrow') if name in sys.modules], len(_shares()))"
    )
    environment = {**os.environ, "RULEWRIGHT_CACHE": str(tmp_path)}
    first, again = (
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert again == first.replace("['citizens', 'pyarrow']", "[]")
    assert first != again


@pytest.mark.parametrize("module", ["api.cli.kept_help", "api.cli.running", "api.cli.app"])
def test_an_interrupt_while_modules_are_imported_ends_without_a_word(module: str) -> None:
    script = f"""
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from api.cli import main
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", script, "list", "us"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
