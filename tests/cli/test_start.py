"""A command imports what it needs and no more: starting is most of the time of a small calculation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
