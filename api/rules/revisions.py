"""Rules as they were at a revision of git: `us@HEAD~10`, `my_land@2b1c9e7`.

The folder of the rules, and that of the rules that they are based on, are taken out of the repository in which they lie
and written into a folder for as long as they are needed. They are compiled by the engine of today; rules that it no
longer reads are refused as any others that do not check.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.failures import Failure, Misuse
from api.rules.keeping import bases
from api.rules.programs import find_rules
from engine.syntax.files import SETTINGS_FILE


def at_revision(text: str) -> tuple[str, str]:
    """The rules and the revision that `us@REV` means; the revision is empty for what names a file or folder."""
    name, sign, revision = text.rpartition("@")
    if not sign or Path(text).exists():
        return text, ""
    if not name or not revision:
        raise Misuse(f"`{text}` names no revision of rules", "write `us@HEAD~1`, or `folder@2b1c9e7`")
    return name, revision


@contextmanager
def checked_out(text: str) -> Iterator[str]:
    """What `load_program` takes for rules, perhaps as they were at a revision. Raises Misuse or Failure."""
    name, revision = at_revision(text)
    if not revision:
        yield name
        return
    folder = find_rules(name).resolve()
    top = Path(_git(folder, f"`{name}` lies in no repository of git", "rev-parse", "--show-toplevel").decode().strip())
    told = f"there is no revision `{revision}` of `{name}`"
    commit = _git(top, told, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    with tempfile.TemporaryDirectory(prefix="rulewright-revision-") as place:
        _take_out(top, commit, folder, Path(place), told)
        for base in bases(Path(place) / folder.name):
            _take_out(top, commit, folder.parent / base.name, Path(place), told)
        yield str(Path(place) / folder.name)


def _take_out(top: Path, commit: str, folder: Path, place: Path, told: str) -> None:
    """Write a folder as it was at a commit below `place`, under its own name."""
    where = folder.relative_to(top)
    archive = _git(top, told, "archive", "--format=tar", f"{commit}:{where.as_posix()}")
    target = place / folder.name
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    if not (target / SETTINGS_FILE).is_file():
        raise Failure(f"{told} with a `{SETTINGS_FILE}`", "name a revision at which the rules were there")


def _git(folder: Path, told: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise Failure("there is no program `git` here", "install it, or give folders of rules") from None
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1][:200]
        raise Failure(f"{told}: {said}", "`git log` lists the revisions") from None
    return done.stdout
