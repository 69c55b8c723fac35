"""Brokers in network namespaces of their own, so that cables can be cut. Needs root, and Linux that allows it.

Each broker has an address 10.77.0.N on a bridge; who tests reaches them from 10.77.0.254. A cut of a broker takes its
cable out; a cut between two of them leaves both to everybody else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

BRIDGE, NETWORK = "rwbridge", "10.77.0"


def why_not() -> str:
    """Why there can be no such network here; empty if there can."""
    if os.geteuid() or not shutil.which("ip"):
        return "network namespaces need root and `ip`"
    if subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], capture_output=True, check=False).returncode:
        return "this machine makes no bridge"
    _ip("link", "del", BRIDGE)
    return ""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)


class Network:
    """The network of some brokers, numbered from 1."""

    def __init__(self, brokers: Sequence[int]) -> None:
        self._brokers = brokers

    def host(self, n: int) -> str:
        """Where broker n is."""
        return f"{NETWORK}.{n}"

    def within(self, n: int) -> list[str]:
        """What a command begins with that runs where broker n is."""
        return ["ip", "netns", "exec", f"rw{n}"]

    def set_up(self) -> None:
        """Make the bridge and the namespaces."""
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{NETWORK}.254/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for n in self._brokers:
            _ip("netns", "add", f"rw{n}")
            _ip("link", "add", f"rwcable{n}", "type", "veth", "peer", "name", "eth0", "netns", f"rw{n}")
            _ip("link", "set", f"rwcable{n}", "master", BRIDGE, "up")
            for command in (("addr", "add", f"{self.host(n)}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
                _ip("-n", f"rw{n}", *command)
            _ip("-n", f"rw{n}", "link", "set", "lo", "up")

    def tear_down(self) -> None:
        """Take all of it away, also what another run left."""
        links = [*(f"rwcable{n}" for n in self._brokers), BRIDGE]
        for command in (
            *(("netns", "del", f"rw{n}") for n in self._brokers),
            *(("link", "del", link) for link in links),
        ):
            subprocess.run(["ip", *command], capture_output=True, check=False)

    def cut(self, n: int) -> None:
        """Take broker n's cable out."""
        _ip("link", "set", f"rwcable{n}", "down")

    def mend(self, n: int) -> None:
        """Put it back."""
        _ip("link", "set", f"rwcable{n}", "up")

    @contextmanager
    def apart(self, n: int, others: Sequence[int]) -> Iterator[None]:
        """Broker n does not reach some others, nor they it, while everybody else reaches both."""
        pairs = [(item, other) for other in others for item, other in ((n, other), (other, n))]
        for first, other in pairs:
            _ip("-n", f"rw{first}", "route", "add", "blackhole", f"{self.host(other)}/32")
        try:
            yield
        finally:
            for first, other in pairs:
                _ip("-n", f"rw{first}", "route", "del", "blackhole", f"{self.host(other)}/32")


@contextmanager
def network(brokers: Sequence[int]) -> Iterator[Network | None]:
    """A network of these brokers, if there can be one."""
    if why_not():
        yield None
        return
    made = Network(brokers)
    made.tear_down()
    try:
        made.set_up()
        yield made
    finally:
        made.tear_down()
