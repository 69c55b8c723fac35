"""The law that a server serves: programs by ruleset and reform, loaded once, each with its constants and declarations.

A reform is a file shipped with the ruleset (`rules/us/reforms/NAME.yaml`), by name, or an overlay in the request, which
is compiled for it and kept for the next `KEPT` requests that ask for the same.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.cases.interpreters import Interpreters
from api.cases.machine import Machine
from api.failures import suggestion
from api.http.permissions import Permissions
from api.http.problems import Fault, Refusal
from api.http.reading import Number
from api.rules import programs
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.reading.declarations import Ruleset

KEPT = 8
MAX_REFORM_BYTES = 64_000


@dataclass(eq=False)
class Law:
    """A ruleset under some reforms: its program, and its declarations, which take a while and are read on demand."""

    name: str
    reforms: tuple[str, ...]
    program: Program
    files: tuple[Path, ...] = ()
    _ruleset: Ruleset | None = None
    orders: dict[tuple[object, ...], bool] = field(default_factory=dict)
    """For which figures there is code that orders questions: False while it is made."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def constants(self) -> Constants:
        """The dated constants, worked out once."""
        return Constants(self.program)

    @cached_property
    def interpreters(self) -> Interpreters:
        """What was found for the last steps of interviews."""
        return Interpreters(self.program, self.constants)

    @cached_property
    def permissions(self) -> Permissions:
        """Which requirement answers for an action on a resource."""
        return Permissions(self.program)

    @cached_property
    def machine(self) -> Machine:
        """Compiled code for questions that come again."""
        return Machine(self.program)

    def ruleset(self) -> Ruleset:
        """The declarations."""
        with self._lock:
            if self._ruleset is None:
                self._ruleset = programs.check(self.name, self.files, lint=False).ruleset
        assert self._ruleset is not None
        return self._ruleset

    def close(self) -> None:
        """Compile nothing more."""
        if "machine" in self.__dict__:
            self.machine.close()


class Laws:
    """The rulesets that are served, and their reforms."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._kept: dict[tuple[str, str], Law] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load every ruleset, so that no request waits for it. Raises Misuse or RulesInvalid."""
        for name in self.names:
            self.law(name)

    def law(self, name: str, reform: Any = None, pointer: str = "/ruleset") -> Law:
        """The ruleset under a reform. Raises Refusal for what is not served."""
        ruleset = self._served(name, pointer)
        key = (ruleset, "" if reform is None else json.dumps(reform, sort_keys=True))
        law = self._kept.get(key)
        if law is None:
            with self._lock:
                law = self._kept.get(key) or self._load(ruleset, reform)
                self._keep(key, law)
        return law

    def _served(self, name: str, pointer: str) -> str:
        for served in self.names:
            if name in (served, Path(served).name):
                return served
        known = [Path(ruleset).name for ruleset in self.names]
        listed = "this server has " + ", ".join(f"`{known_name}`" for known_name in known)
        fault = Fault(pointer, "there is no ruleset of this name here", suggestion(name, known, listed))
        raise Refusal("not-found" if pointer == "" else "invalid-request", [fault])

    def _keep(self, key: tuple[str, str], law: Law) -> None:
        self._kept[key] = law
        overlays = [kept_key for kept_key in self._kept if kept_key[1]]
        for overlay in overlays[: max(0, len(overlays) - KEPT)]:
            self._kept.pop(overlay).close()

    def close(self) -> None:
        """Compile nothing more."""
        for law in self._kept.values():
            law.close()

    def reforms(self, name: str) -> list[str]:
        """The names of the reforms that come with a ruleset."""
        folder = programs.find_rules(self._served(name, "")) / "reforms"
        return sorted(path.stem for path in folder.glob("*.yaml"))

    def _load(self, name: str, reform: Any) -> Law:
        if reform is None:
            return Law(name, (), programs.load_program(name))
        if isinstance(reform, str):
            known = self.reforms(name)
            if reform not in known:
                remedy = suggestion(reform, known, "send the overlay itself, or leave it out")
                raise Refusal("invalid-request", [Fault("/reform", "there is no reform of this name here", remedy)])
            path = programs.find_rules(name) / "reforms" / f"{reform}.yaml"
            return Law(name, (str(reform),), programs.load_program(name, [path]), (path,))
        return _overlay(name, reform)


def _overlay(name: str, reform: Any) -> Law:
    """The ruleset under an overlay from a request. Raises Refusal with every problem."""
    text = json.dumps(reform, ensure_ascii=False)
    if not isinstance(reform, dict) or len(text) > MAX_REFORM_BYTES:
        message = f"an overlay is an object of at most {MAX_REFORM_BYTES:,} bytes, or a reform's name"
        raise Refusal("invalid-request", [Fault("/reform", message, "see Reforms in rules/README.md")])
    digest = sha256(text.encode()).hexdigest()[:16]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{digest}.yaml"
        path.write_text("\n".join(_yaml(reform)), encoding="utf-8")
        compiled = programs.check(name, [path], lint=False)
        if compiled.program is None or compiled.ruleset is None:
            raise Refusal(
                "invalid-request",
                [Fault("/reform", problem.message, problem.help, problem.code) for problem in compiled.problems],
            )
    return Law(name, (f"overlay:{digest}",), compiled.program, (), compiled.ruleset)


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """JSON as the lines of a rule file, whose keys stand without quotes."""
    for key, number in value.items():
        if isinstance(number, dict) and number:
            yield f"{indent}{key}:"
            yield from _yaml(number, indent + "  ")
        else:
            yield f"{indent}{key}: {number if isinstance(number, Number) else json.dumps(number, ensure_ascii=False)}"
