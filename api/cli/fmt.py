"""`rulewright fmt PATHS`: formulas of rule files in canonical form (`api.rules.formatting`)."""

from __future__ import annotations

import os
from pathlib import Path

from api.cli.output import complain, count, problem_json, say, say_json, show_problems
from api.failures import ExitCode, Misuse
from api.rules.formatting import formatted
from engine.reading.declared_settings import Settings
from engine.reading.documents import module_files, settings_of
from engine.syntax.files import SETTINGS_FILE, load_source
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics


def fmt_command(paths: list[str], check_only: bool, as_json: bool) -> int:
    """Rewrite the files that are not in order, or with `check_only` name them."""
    problems = Diagnostics()
    changed: list[str] = []
    files = [file for path in paths for file in _rule_files(Path(path), problems)]
    for path in files:
        if path.name == SETTINGS_FILE:
            continue
        source = load_source(path, problems)
        text = formatted(source, _settings_near(path), problems) if source is not None else None
        if source is not None and text is not None and text != source.text:
            changed.append(str(path))
            if not check_only:
                _write(path, text)
    if as_json:
        say_json({"changed": changed, "problems": [problem_json(problem) for problem in problems]})
    else:
        _report(changed, len(files), check_only, problems)
    if problems.errors:
        return ExitCode.RULES_INVALID
    return ExitCode.FAILED if check_only and changed else ExitCode.DONE


def _report(changed: list[str], files: int, check_only: bool, problems: Diagnostics) -> None:
    if len(problems):
        show_problems(tuple(problems))
    for name in changed:
        say(name)
    verb = "would change" if check_only else "changed"
    faulty = {problem.span.source.name if problem.span else problem.file for problem in problems.errors}
    unread = f", {len(faulty):,} not read" if faulty else ""
    complain(f"{count(len(changed), 'file')} {verb}, {files - len(changed) - len(faulty):,} in order{unread}")


def _rule_files(path: Path, problems: Diagnostics) -> list[Path]:
    if path.is_dir():
        return [file for folder in _rulesets(path) for file in module_files(folder, problems)]
    if not path.exists():
        raise Misuse(f"there is no file or folder `{path}`", "name rule files, or a folder of rules")
    return [path]


def _rulesets(folder: Path) -> list[Path]:
    """The rulesets below a folder, since what is a module of one is told by its own folder; the folder itself if it is
    one, or lies inside one."""
    if (folder / SETTINGS_FILE).is_file():
        return [folder]
    return sorted(settings.parent for settings in folder.rglob(SETTINGS_FILE)) or [folder]


def _settings_near(path: Path) -> Settings:
    """The settings of the ruleset that a file belongs to; those of no jurisdiction if there is none."""
    for folder in path.resolve().parents:
        if (folder / SETTINGS_FILE).is_file():
            quiet = Diagnostics()
            source = load_source(folder / SETTINGS_FILE, quiet)
            node = read_nodes(source, quiet) if source is not None else None
            return settings_of(node, folder, quiet) if node is not None else Settings(folder.name)
    return Settings(path.parent.name)


def _write(path: Path, text: str) -> None:
    """Beside, then renamed: a formatter that is interrupted leaves the file whole. A link stays one."""
    path = path.resolve()
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    beside.chmod(path.stat().st_mode & 0o7777)
    os.replace(beside, path)
