"""The pages that people open, over the same use cases as the API: templates, one style sheet, small scripts of ours.

Every page works without scripts; a script only saves a reload. Nothing loads from anywhere else, and nothing that
people say of themselves stands in an address: cases travel in forms.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.web import assets, calculator, desk, front, law, may, owed, permits, record, steps

ROUTERS: tuple[APIRouter, ...] = (
    front.router,
    law.router,
    owed.router,
    calculator.router,
    may.router,
    permits.router,
    record.router,
    desk.router,
    steps.router,
    assets.router,
)

__all__ = ["ROUTERS"]
