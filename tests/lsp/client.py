"""A language client: the server as a process, JSON-RPC over its stdin and stdout, written from the protocol alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from tests.cli.command import ROOT

PATIENCE_SECONDS = 60.0


class Client:
    """One session. Requests wait for their answer; what the server publishes is kept by file."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment, cwd=ROOT,
        )  # fmt: skip
        self.incoming: Queue[dict[str, Any] | None] = Queue()
        self.published: dict[str, list[dict[str, Any]]] = {}
        self.messages: list[str] = []
        self.number = 0
        self.texts: dict[Path, str] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        workspace = {"codeLens": {"refreshSupport": False}}
        self.capabilities = self.request(
            "initialize",
            {"processId": None, "rootUri": folder.as_uri(), "capabilities": {"workspace": workspace}},
        )["capabilities"]
        self.notify("initialized", {})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else 0
            while stream.readline().strip():
                pass
            self.incoming.put(json.loads(stream.read(length)))
        self.incoming.put(None)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _next(self, patience: float = PATIENCE_SECONDS) -> dict[str, Any]:
        message = self.incoming.get(timeout=patience)
        assert message is not None, "the server has ended"
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "window/showMessage":
            self.messages.append(message["params"]["message"])
        return message

    def notify(self, method: str, params: object) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: object) -> dict[str, Any]:
        """The whole answer to a request, which may be an error."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self.number and "method" not in message:
                return message

    def request(self, method: str, params: object) -> Any:
        """The result of a request."""
        message = self.ask(method, params)
        assert "error" not in message, message
        return message["result"]

    def wait_for(self, path: Path, fits: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The problems of a file, once they fit."""
        while not (path.as_uri() in self.published and fits(self.published[path.as_uri()])):
            try:
                self._next()
            except Empty:
                raise AssertionError(f"never so: {self.published.get(path.as_uri())}") from None
        return self.published[path.as_uri()]

    def open(self, path: Path) -> str:
        """Open a file, as it is on the disk."""
        self.texts[path] = path.read_text(encoding="utf-8")
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": self.texts[path]}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return self.texts[path]

    def type(self, path: Path, old: str, new: str) -> None:
        """Put `new` in place of the first `old` of an open file."""
        text = self.texts[path]
        start = text.index(old)
        change = {"range": {"start": place(text, start), "end": place(text, start + len(old))}, "text": new}
        self.texts[path] = text[:start] + new + text[start + len(old) :]
        document = {"uri": path.as_uri(), "version": len(self.texts[path])}
        self.published.pop(path.as_uri(), None)
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def at(self, path: Path, words: str, inside: int = 0) -> dict[str, Any]:
        """A document and a place in it: `inside` characters into the first `words`."""
        text = self.texts[path]
        return {"textDocument": {"uri": path.as_uri()}, "position": place(text, text.index(words) + inside)}


def place(text: str, offset: int) -> dict[str, int]:
    """A character of a text in lines and UTF-16 units, from 0."""
    before = text[:offset]
    line = before.rpartition("\n")[2]
    return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}


def within(text: str, where: dict[str, Any]) -> str:
    """The text of a range."""

    def offset(at: dict[str, int]) -> int:
        lines = text.split("\n")
        units = lines[at["line"]].encode("utf-16-le")[: 2 * at["character"]]
        return sum(len(line) + 1 for line in lines[: at["line"]]) + len(units.decode("utf-16-le"))

    return text[offset(where["start"]) : offset(where["end"])]
