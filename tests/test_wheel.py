"""What is installed: every file that the program reads, and `import rulewright` for analysts."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
SCRIPT = """
import rulewright
law = rulewright.load("us_passport")
print(rulewright.__file__, type(law).__name__)
"""


def built(folder: Path, version: str) -> Path:
    return Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=[version]))))


def test_the_wheel_holds_every_file_and_the_name_for_analysts(tmp_path: Path) -> None:
    with ZipFile(built(tmp_path, "standard")) as wheel:
        inside = set(wheel.namelist())
        wheel.extractall(tmp_path / "installed")
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    target = stated["tool"]["hatch"]["build"]["targets"]["wheel"]
    elsewhere = target["force-include"]
    needed = {
        elsewhere.get(str(path.relative_to(ROOT)), str(path.relative_to(ROOT)))
        for package in target["packages"]
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert "api/simulate/report.css" in needed and "rules/us/ruleset.yaml" in needed
    assert needed <= inside, sorted(needed - inside)
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(tmp_path / 'installed'), *sys.path]!r}"]
    done = subprocess.run([*command[:3], f"{command[3]}\n{SCRIPT}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == [str(tmp_path / "installed" / "rulewright.py"), "Law"], done.stderr


def test_an_editable_install_has_the_name_for_analysts_too(tmp_path: Path) -> None:
    with ZipFile(built(tmp_path, "editable")) as wheel:
        assert wheel.read("rulewright.py") == (ROOT / "api" / "python" / "rulewright.py").read_bytes()
        paths = next(name for name in wheel.namelist() if name.endswith(".pth"))
        assert wheel.read(paths).decode().split().count(str(ROOT)) > 0
