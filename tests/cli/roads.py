"""A land with roads: who may drive, and the people and events to ask it of."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """\
about: A land with roads
law: Road Act
currency: GBP
covers: {from: 2020-01-01, to: 2060-12-31}
enums:
  category:
    law: Road Act s. 1
    codes: iso_18013_5
    members: {b: Cars, be: Cars with trailers, c: Lorries, g: Rollers}
entities: {person: {plural: people}, licence: {plural: licences, belongs_to: person}}
"""
MODULE = """\
about: Who may drive
law: Road Act
exports: [birth_date, drives, category, valid_until, revoked_on, may_drive, age]
inputs:
  birth_date: {entity: person, period: eternity, type: date, label: Date of birth}
  drives: {entity: person, period: day, type: category, label: Drives}
  category: {entity: licence, period: eternity, type: category, label: Category}
  valid_until: {entity: licence, period: eternity, type: date, label: Last day}
  revoked_on: {entity: licence, period: eternity, type: date or none, label: Revoked on, absent: none}
variables:
  age: {label: Age, law: s. 2, entity: person, period: day, type: integer, formula: "age_on(birth_date, today)"}
requirements:
  may_drive:
    entity: person
    period: day
    label: May drive
    law: s. 3
    all:
      licence:
        needs: |
          any((l.category = drives or l.category = .b and drives = .be) and today <= l.valid_until
          and (l.revoked_on is none or today < l.revoked_on) for l in licences)
        law: s. 4
      old_enough: {needs: "age >= 18 and (drives != .be or age < 70)", law: s. 5}
"""
CASE = """\
at: 2024-05-10
complete: true
people: {evangeline: {birth_date: 1955-03-01}}
licences:
  car: {person: evangeline, category: b, valid_until: 2025-12-31}
  roller: {person: evangeline, category: g, valid_until: 2024-12-31}
"""
EVENTS = """\
- subject: person/evangeline
  id: born
  facts: {2020-01-01: {birth_date: 1990-01-01, drives: b}}
- subject: licence/car
  id: granted
  facts: {2020-01-01: {person: {group: person/evangeline, role: owner}, category: b, valid_until: 2060-01-01}}
"""
LATE = """\
- subject: licence/car
  id: late
  facts: {2024-06-01: {revoked_on: 2024-06-01}}
"""


def write_roads(folder: Path) -> Path:
    """The land's rules in a folder."""
    folder.mkdir()
    (folder / "ruleset.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "roads.yaml").write_text(MODULE, encoding="utf-8")
    return folder
