"""A land of homes, permits and jobs, for hostile cases and logs: what is right there is plain."""

from __future__ import annotations

SETTINGS = """\
about: A land of records
law: Act
currency: USD
money_grid: 0.01
rate_grid: 0.000000001
rounding: half_up
covers: {from: 2020-01-01, to: 2026-12-31}
enums:
  kind: {law: Act, members: {car: Cars, lorry: Lorries}}
entities:
  person: {plural: people}
  home: {plural: homes, of: person, roles: {owner: {min: 1, max: 1}, partner: {max: 1}, resident: {plural: residents}}}
  permit: {plural: permits, belongs_to: person}
  ban: {plural: bans, belongs_to: person, sequences: {previous: {by: [banned_from]}}}
  job: {plural: jobs, belongs_to: person}
assessment:
  dues: {law: Act s. 9, of: home, period: year, liabilities: {due: Due}}
"""
MODULE = """\
about: All
law: Act
exports: [permit_kind, banned_from, banned_until, pay, rent, born, due, may_drive, wages, bans_before]
inputs:
  permit_kind: {entity: permit, period: eternity, type: kind, label: Kind}
  banned_from: {entity: ban, period: eternity, type: date, label: From}
  banned_until: {entity: ban, period: eternity, type: date or none, label: Until, absent: none}
  pay: {entity: job, period: year, type: money, label: Pay, range: 0 .. 1_000_000, absent: 0}
  rent: {entity: home, period: month, type: money, label: Rent, range: 0 .. 10_000, absent: 0}
  born: {entity: person, period: eternity, type: date, label: Born}
variables:
  wages: {entity: person, period: year, type: money, label: Wages, law: s. 1, formula: sum(j.pay for j in jobs)}
  due:
    entity: home
    period: year
    type: money
    label: Due
    law: s. 3
    formula: 10% * sum(m.wages for m in members) + 1% * sum(rent over months)
  bans_before:
    entity: ban
    period: eternity
    type: integer
    label: Before
    law: s. 4
    formula: if previous is none then 0 else previous.bans_before + 1
requirements:
  may_drive:
    entity: person
    period: day
    label: May drive
    law: s. 8
    all:
      permit: {needs: any(p.permit_kind = .car for p in permits), law: s. 8(1), fails: No permit.}
      not_banned:
        needs: not any(b.banned_from <= today and (b.banned_until is none or b.banned_until >= today) for b in bans)
        law: s. 8(2)
        fails: Banned.
"""
