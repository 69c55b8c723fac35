"""A land whose figures of a year add up what each month's members come to, and whose facts may be none."""

from __future__ import annotations

SETTINGS = """\
about: A land of movers
law: Movers Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  citizen: {plural: citizens}
  household:
    plural: households
    of: citizen
    roles: {resident: {plural: residents}, lodger: {plural: lodgers}}
assessment:
  support:
    law: Movers Act s. 1
    of: household
    period: year
    entitlements: {support: Support, retained: Support of those who stay}
    shown: [highest_pay, shares]
"""

MODULE = """\
about: Support by month
law: Movers Act
exports: [support, retained, highest_pay, shares, pay, is_child, leaves_on]
inputs:
  is_child: {entity: citizen, period: month, type: boolean, status: true, label: Is a child, absent: false}
  leaves_on: {entity: citizen, period: eternity, type: date or none, label: Leaves the land, absent: none}
  pay: {entity: citizen, period: year, type: money, label: Pay, absent: 0}
variables:
  support_of_month:
    label: Support of a month
    entity: household
    period: month
    type: money
    law: s. 1
    formula: 10 EUR * count(m in members where m.is_child) + 1 EUR * count(m in lodgers)
  support:
    label: Support
    entity: household
    period: year
    type: money
    law: s. 1
    formula: sum(support_of_month over months)
  retained:
    label: Support of those who stay
    entity: household
    period: year
    type: money
    law: s. 2
    formula: sum(1 EUR * count(m in members where m.leaves_on is none or m.leaves_on > period_end) over months)
  share:
    label: Share of the month's support
    entity: citizen
    period: month
    type: money
    law: s. 3
    formula: "if self is resident then household.support_of_month / count(m in household.residents) else 0"
  shares:
    label: Shares
    entity: household
    period: year
    type: money
    law: s. 3
    formula: sum(m.share_of_year for m in members)
  share_of_year: {label: Shares, entity: citizen, period: year, type: money, law: s. 3, formula: sum(share over months)}
  highest_pay:
    label: The two highest pays
    entity: household
    period: year
    type: money
    law: s. 4
    formula: sum(highest 2 of m.pay for m in members)
"""
