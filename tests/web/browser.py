"""A real browser and a server of the pages for it; tests are skipped where there is no Chromium."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.web import ROUTERS

CHROMIUM = shutil.which("chromium")


@contextmanager
def served(config: Config, log: Any = None) -> Iterator[str]:
    """The address of a server in this process."""
    import uvicorn

    app = create_app(Service(config, log), ROUTERS)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = monotonic() + 60
    while not (server.started and app.service.ready) and monotonic() < until:
        sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here; install Debian's package of that name")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found_browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found_browser
        found_browser.close()


def press(page: Any, name: str, at: int | None = None) -> None:
    """Press a button that asks for another page, and wait for that page.

    A click returns before the next page is there, and what is read at once is then still the last page's.
    `at` tells which of several buttons of that name is meant.
    """
    buttons = page.get_by_role("button", name=name)
    with page.expect_event("load"):
        (buttons if at is None else buttons.nth(at)).click()


def faults_of(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in Axe().run(page).response["violations"]
    ]
