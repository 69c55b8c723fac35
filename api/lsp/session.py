"""The rules behind the documents of one editor session: loaded when first needed, checked as they change.

`publish` is called with a file and its problems whenever these may have changed. Everything but compiling the whole
program runs on the event loop, so that no two threads ever change the rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.lsp.finding import Index
from api.lsp.living import Living, State, compiled
from engine.examples.run import run_examples
from engine.ir.program import Program
from engine.pipeline import compile_ruleset
from engine.syntax.files import SETTINGS_FILE
from engine.text.diagnostics import Diagnostic, Diagnostics, render

KEYSTROKE_SECONDS, PAUSE_SECONDS = 0.02, 0.8  # keystrokes within the first are one; so long without one is a pause
Publish = Callable[[Path, list[Diagnostic]], None]


@dataclass(slots=True)
class Root:
    """The rules in one folder. `stale`: `ruleset.yaml` or the set of files has changed, and all must be read again.
    `compiling`: the whole program is being compiled in another thread."""

    living: Living
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    stale: bool = True
    dirty: set[Path] = field(default_factory=set)
    shown: set[Path] = field(default_factory=set)
    soon: asyncio.TimerHandle | None = None
    later: asyncio.TimerHandle | None = None
    compiling: bool = False
    index: tuple[int, Index] | None = None
    program: tuple[int, Program] | None = None
    tried: dict[tuple[Path, str], str] = field(default_factory=dict)


class Session:
    """The open documents (`texts`), and the rules that they belong to."""

    def __init__(self, publish: Publish) -> None:
        self.publish = publish
        self.texts: dict[Path, str] = {}
        self.roots: dict[Path, Root] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def root(self, path: Path) -> Root | None:
        """The rules that a file belongs to: those of the nearest folder with a `ruleset.yaml`."""
        for folder in path.parents:
            if folder in self.roots or (folder / SETTINGS_FILE).is_file():
                return self.roots.setdefault(folder, Root(Living(folder)))
        return None

    def change(self, path: Path, text: str | None) -> None:
        """A document has a new text, or is closed (None)."""
        if text is None:
            self.texts.pop(path, None)
        else:
            self.texts[path] = text
        root = self.root(path)
        if root is None:
            return
        if path.name == SETTINGS_FILE or (path not in root.living.files and root.living.is_module(path)):
            root.stale = True
        root.dirty.add(path)
        if root.soon is None:
            root.soon = asyncio.get_running_loop().call_later(KEYSTROKE_SECONDS, self._keystroke, root)

    def changed_on_disk(self, paths: Iterable[Path]) -> None:
        """Files that are not open here were written, made or removed by others."""
        for path in paths:
            root = self.root(path)
            if root is not None and path not in self.texts:
                root.stale = True
                self._pause_after(root, 0)

    def _keystroke(self, root: Root) -> None:
        root.soon = None
        if not root.loaded.is_set():
            self._pause_after(root, 0)
            return
        self.settle(root)
        self._pause_after(root, PAUSE_SECONDS)

    def settle(self, root: Root) -> None:
        """Take over what was typed, and publish what is wrong with it."""
        changed = sorted(root.dirty)
        root.dirty.clear()
        for path in changed:
            if root.living.is_module(path) and path.name != SETTINGS_FILE and path in root.living.files:
                text = self.texts.get(path)
                if text is None and not path.is_file():
                    root.stale = True
                    continue
                self._show(root, root.living.edit(path, text if text is not None else _read(path)))
            elif path in self.texts and path.name != SETTINGS_FILE and path.is_relative_to(root.living.folder):
                self.publish(path, list(root.living.edit_reform(path, self.texts[path])))

    def _pause_after(self, root: Root, seconds: float) -> None:
        if root.later is not None:
            root.later.cancel()
        root.later = asyncio.get_running_loop().call_later(seconds, self._paused, root)

    def _paused(self, root: Root) -> None:
        root.later = None
        task = asyncio.get_running_loop().create_task(self._whole(root))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _whole(self, root: Root) -> None:
        """Read again what is stale, then compile the whole program as it is now, in another thread."""
        if root.stale:
            root.stale = False
            root.living.load(self.texts)
            root.loaded.set()
            self.settle(root)
        state = root.living.state()
        if state is None:
            self._show(root, root.living.files)
        elif not root.compiling:  # else the one that runs begins again when it is done
            await self._compile(root, state)

    async def _compile(self, root: Root, state: State) -> None:
        """Compile the whole program. One compilation at a time: several would take the processor from what is typed."""
        root.compiling = True
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(None, compiled, state)
        finally:
            root.compiling = False
        if root.living.settle(state, outcome):
            if outcome.program is not None:
                root.program = (state.version, outcome.program)
            self._show(root, root.living.files)
        elif root.later is None:
            self._pause_after(root, 0)

    def _show(self, root: Root, paths: Iterable[Path]) -> None:
        """Publish the problems of files, and that there are no more of those that had some."""
        for path in paths:
            problems = root.living.problems(path)
            if problems or path in root.shown or path in self.texts:
                self.publish(path, problems)
            (root.shown.add if problems else root.shown.discard)(path)

    async def ready(self, path: Path) -> Root | None:
        """The rules that a file belongs to, read, with everything that was typed."""
        root = self.root(path)
        if root is None:
            return None
        if not root.loaded.is_set():
            if root.later is None and root.soon is None:
                self._pause_after(root, 0)
            await root.loaded.wait()
        self.settle(root)
        return root

    def index(self, root: Root) -> Index:
        """The index of names of the rules as they are now."""
        if root.index is None or root.index[0] != root.living.version:
            root.index = (root.living.version, Index(root.living))
        return root.index[1]

    async def try_example(self, path: Path, name: str) -> tuple[bool, str]:
        """Run one example of a file as it is now. Whether it holds, and that in words."""
        root = await self.ready(path)
        state = root.living.state() if root is not None else None
        file = root.living.files.get(path) if root is not None else None
        if root is None or state is None or file is None or file.module is None:
            return False, "the rules cannot be read"
        if root.program is None or root.program[0] != state.version:
            problems = Diagnostics()
            problems.items += state.read
            run = asyncio.get_running_loop().run_in_executor
            outcome = await run(None, compile_ruleset, state.ruleset, problems, False)
            if outcome.program is None:
                return False, "the rules do not check: " + render(problems.errors[0]).splitlines()[0]
            root.program = (state.version, outcome.program)
        examples = tuple(example for example in file.module.examples if example.name == name)
        if not examples:
            return False, f"there is no example `{name}` any more"
        chosen = replace(state.ruleset, modules=(replace(file.module, examples=examples),))
        unread = Diagnostics()
        done = run_examples(chosen, root.program[1], unread)
        lines = [
            f"{mismatch.figure}: expected {mismatch.expected}, found {mismatch.computed}"
            + (f": {mismatch.reason}" if mismatch.reason else "")
            for mismatch in done.mismatches
        ]
        lines += [problem.message for problem in unread]
        said = "; ".join(lines) or f"all met ({done.expectations})"
        root.tried[path, name] = said
        return not lines, said


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
