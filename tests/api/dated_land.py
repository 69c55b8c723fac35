"""A land whose law asks who belonged together on other days, and reckons months from each claim's first day."""

from __future__ import annotations

SETTINGS = """\
about: A land of months and movers
law: Movers Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
calendars:
  award_month: {every: 1 month, of: household, starts: first_day, law: Movers Act s. 3}
entities:
  citizen: {plural: citizens}
  household:
    plural: households
    of: citizen
    roles: {resident: {plural: residents}, lodger: {plural: lodgers}}
  job: {plural: jobs, belongs_to: citizen}
assessment:
  support:
    law: Movers Act s. 1
    of: household
    period: year
    entitlements: {child_support: Support of children, award_of_year: Awards}
    shown: [entry_support]
"""

MODULE = """\
about: Support by month
law: Movers Act
exports: [first_day, child_support, award_of_year, entry_support, award, pay, is_child, wages]
inputs:
  first_day: {entity: household, period: eternity, type: date, label: First day of the claim}
  is_child: {entity: citizen, period: month, type: boolean, status: true, label: Is a child, absent: false}
  wages: {entity: citizen, period: month, type: money, label: Wages, absent: 0}
  pay: {entity: job, period: award_month, type: money, label: Pay of the award month, absent: 0}
variables:
  child_support:
    label: Support
    entity: household
    period: year
    type: money
    law: s. 1
    formula: sum(10 EUR * count(m in members where m.is_child) over months)
  entry_support:
    label: Support on entry
    entity: household
    period: year
    type: money
    law: s. 2
    formula: 100 EUR * count(m in residents @ (first_day)) + 1 EUR * count(m in members @ start)
  paid: {label: Pay, entity: citizen, period: award_month, type: money, law: s. 3, formula: sum(j.pay for j in jobs)}
  award:
    label: Award
    entity: household
    period: award_month
    type: money
    law: s. 3
    formula: max(0 EUR, 500 EUR - sum(m.paid for m in members))
  award_of_year:
    label: Awards
    entity: household
    period: year
    type: money
    law: s. 3
    formula: sum(award over award_months ending)
"""
