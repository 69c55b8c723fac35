"""`python -m api.rules.installing`: make, when the program is installed, what its first run would otherwise have to.

The build hook (`build_hook.py`) runs this by the Python that installs. It makes the programs of shipped rules, their
modules as they are read, and for reforms `us` as a whole as it is read, which any machine with this Python can use; and
for this processor the machine code of `demo` and of `taxsim` with the columns of the README. They lie in `engine/made`
(`engine.installed`). What is there already, of these rules and this code, stays.
"""

from __future__ import annotations

import os
import pickletools
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import rmtree

from api.rules import programs
from api.rules.keeping import SHIPPED, entry_name
from engine import installed, kept
from engine.reading.documents import keep_modules

ROOT = Path(installed.__file__).parents[1]
_ROWS = b"taxsimid,year,mstat,depx,age1,pwages\n1,2024,1,1,9,31000\n2,2024,2,0,0,90000\n"
_USES = (["demo"], b""), (["taxsim"], _ROWS)


def main() -> int:
    """Make all of it anew, unless it is there."""
    stamp, now = installed.FOLDER / "made-for", _made_for()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == now:
        return 0
    rmtree(installed.FOLDER, ignore_errors=True)
    for shipped in programs.shipped_rules():
        keep_modules(SHIPPED / shipped)
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        _use_everything(cache)
        for kind in installed.KINDS:
            for entry in sorted((cache / kind).glob("[!.]*")):
                body = kept.fetch(entry.parent, entry.name)
                if body is not None:
                    is_program = entry.suffix == ".program"  # what every command reads: a fifth faster for it
                    installed.keep(kind, entry.name, pickletools.optimize(body) if is_program else body)
    stamp.write_text(now, encoding="utf-8")
    return 0


def _made_for() -> str:
    """What decides the results: the code, the rules, this Python and this machine."""
    from engine.native.machine.toolchain import machine

    entries = [entry_name(SHIPPED / name, (), "program") for name in programs.shipped_rules()]
    return "\n".join([*entries, machine().identity])


def _use_everything(cache: Path) -> None:
    """Run what is to be ready, with its results in a folder of its own."""
    os.environ[kept.CHOSEN] = str(cache)
    for name in programs.shipped_rules():
        programs.load_program(name, to_be_reformed=name == "us")
    for arguments, rows in _USES:
        command = [sys.executable, "-m", "api.cli", *arguments]
        subprocess.run(command, input=rows, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
