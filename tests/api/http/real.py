"""A real server in a process of its own, as `rulewright serve` starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from time import monotonic, sleep

import httpx

from tests.cli.command import ROOT


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def started(*options: str, stderr: int) -> subprocess.Popen[bytes]:
    """The server's process."""
    command = [sys.executable, "-m", "api.cli", "serve", *options]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=stderr)


def wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    """Return when the server answers, when it has ended, or after a minute."""
    until = monotonic() + 60
    while monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        sleep(0.1)
