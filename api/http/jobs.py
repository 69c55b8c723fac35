"""Jobs that take longer than a request may: accepted, worked off one after the other, asked after, fetched once.

A job and its files are this process's own: they are gone when it stops, an hour after it ended, or once it is deleted.
Only who sent a job may ask after it.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from api.http.problems import Fault, Refusal

KEPT_SECONDS = 3_600.0
MOST_JOBS = 16


@dataclass(eq=False)
class Job:
    """A job: whose, its files, how many groups are done, and what came of it."""

    id: str
    caller: str
    folder: Path
    state: str = "waiting"
    done: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    ended: float | None = None

    def said(self) -> dict[str, Any]:
        """What is told of it."""
        told: dict[str, Any] = {"id": self.id, "state": self.state, "done": self.done}
        if self.state == "done":
            told["result"] = f"/v1/jobs/{self.id}/result"
        if self.refusal is not None:
            told["errors"] = [error.data() for error in self.refusal.errors]
        return told


class Jobs:
    """The jobs of a server."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def accept(self, caller: str, folder: Path) -> Job:
        """A new job. Raises Refusal (503) if there are too many."""
        with self._lock:
            self._forget()
            if len(self._jobs) >= MOST_JOBS:
                fault = Fault("", f"{MOST_JOBS} jobs are kept already", "fetch results and delete those jobs first")
                raise Refusal("busy", [fault], {"Retry-After": "60"})
            job = Job(secrets.token_urlsafe(18), caller, folder)
            self._jobs[job.id] = job
            return job

    def work(self, job: Job, make: Callable[[Job], dict[str, str]]) -> None:
        """Do a job; whatever comes of it is told when it is asked after."""
        job.state = "running"
        try:
            job.headers = make(job)
            job.state = "done"
        except Refusal as refusal:
            job.refusal, job.state = refusal, "failed"
        except Exception:
            job.refusal, job.state = Refusal("broken"), "failed"
            raise
        finally:
            job.ended = monotonic()

    def find(self, caller: str, id: str) -> Job:
        """A job of the caller's. Raises Refusal (404)."""
        with self._lock:
            self._forget()
            job = self._jobs.get(id)
        if job is None or job.caller != caller:
            raise Refusal("not-found")
        return job

    def delete(self, job: Job) -> None:
        """Forget a job and its files. Raises Refusal (409) for one that is under way."""
        if job.ended is None:
            raise Refusal("conflict", [Fault("", "the job is under way", "ask again when it has ended")])
        with self._lock:
            self._jobs.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _forget(self) -> None:
        """Let go of what ended an hour ago."""
        old = [job for job in self._jobs.values() if job.ended is not None and monotonic() - job.ended > KEPT_SECONDS]
        for job in old:
            del self._jobs[job.id]
            shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Forget every job."""
        for job in self._jobs.values():
            shutil.rmtree(job.folder, ignore_errors=True)
        self._jobs.clear()
