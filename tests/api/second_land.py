"""A small land of two taxes and two monthly benefits, each of other people: nothing in it is American."""

from __future__ import annotations

SETTINGS = """\
about: A land beside the sea
law: Basic Law
currency: EUR
money_grid: 0.01
rate_grid: 0.000000001
rounding: half_up
covers: {from: 2020-01-01, to: 2026-12-31}
date_round: down
leap_birthday: 03-01
entities:
  citizen: {plural: citizens}
  couple:
    plural: couples
    of: citizen
    roles:
      partner: {plural: partners, max: 2}
  household:
    plural: households
    of: citizen
    roles:
      resident: {plural: residents}
assessment:
  taxes:
    law: Tax Code art. 1
    of: couple
    period: year
    liabilities: {income_tax: Income tax, church_tax: Church tax}
    payments: {tax_withheld: Tax withheld}
    shown: [couple_income]
  family_benefit:
    law: Family Act art. 2
    of: household
    period: month
    entitlements: {child_benefit: Child benefit}
  disability_benefit:
    of: citizen
    period: month
    entitlements: {attendance_allowance: Attendance allowance}
"""

MODULE = """\
about: Taxes and benefits
law: Basic Law
exports:
  - pay
  - withheld
  - born
  - attended
  - couple_income
  - income_tax
  - church_tax
  - tax_withheld
  - child_benefit
  - attendance_allowance
inputs:
  pay: {entity: citizen, period: year, type: money, label: Pay, absent: 0}
  withheld: {entity: citizen, period: year, type: money, label: Tax withheld from pay, absent: 0}
  born: {entity: citizen, period: eternity, type: date, label: Date of birth, absent: 1980-01-01}
  attended: {entity: citizen, period: month, type: boolean, label: Needs attendance, absent: false}
variables:
  couple_income:
    entity: couple
    period: year
    type: money
    label: Income
    law: art. 1
    formula: sum(c.pay for c in members)
  income_tax:
    entity: couple
    period: year
    type: money
    label: Income tax
    law: art. 1
    formula: couple_income * 20%
  church_tax:
    entity: couple
    period: year
    type: money
    label: Church tax
    law: art. 1
    formula: income_tax * 9%
  tax_withheld:
    entity: couple
    period: year
    type: money
    label: Withheld
    law: art. 1
    formula: sum(c.withheld for c in members)
  child_benefit:
    entity: household
    period: month
    type: money
    label: Child benefit
    law: art. 2
    formula: count(c in members where c.born + 18 years > period_start) * 250 EUR
  attendance_allowance:
    entity: citizen
    period: month
    type: money
    label: Attendance allowance
    law: art. 3
    formula: if attended then 347 EUR else 0 EUR
examples:
  - at: 2024
    given:
      citizens: {ana: {pay: 1_000}}
      couples: {c: {partners: [ana]}}
      complete: true
    expect: {couple_income: 1_000, income_tax: 200, church_tax: 18, tax_withheld: 0}
  - at: 2024-01
    given:
      citizens: {ana: {born: 2010-02-01, attended: true}}
      households: {h: {residents: [ana]}}
      complete: true
    expect: {child_benefit: 250, attendance_allowance: 347}
"""
