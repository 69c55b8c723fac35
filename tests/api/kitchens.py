"""A land in which those who cook together are a group, made out of the people of a dwelling."""

from __future__ import annotations

SETTINGS = """\
about: A land of kitchens
law: Kitchens Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  dwelling: {plural: dwellings, of: person, roles: {owner: {max: 1}, resident: {plural: residents}}}
  kitchen: {plural: kitchens, of: person, within: dwelling, by: kitchen_number, may_have_none: true}
assessment:
  food: {law: Kitchens Act s. 1, of: dwelling, period: year, entitlements: {food: Food}, shown: [largest]}
"""

MODULE = """\
about: Food by kitchen
law: Kitchens Act
exports: [food, largest, kitchen_number, cooks_at, need, pay, alone, share, kitchen_pay, last_pay, fees, as_if_alone]
inputs:
  cooks_at: {entity: person, period: month, type: integer or none, status: true, label: Stove, range: 1 .. 3,
    absent: none}
  pay: {entity: person, period: year, type: money, label: Pay, range: 0 .. 1_000, absent: 0}
  fees: {entity: kitchen, period: month, type: money, label: Fees, range: 0 .. 50, absent: 0}
variables:
  kitchen_number: {label: Stove, entity: person, period: month, type: integer or none, law: s. 1, formula: cooks_at}
  need:
    label: Need
    entity: kitchen
    period: month
    type: money
    law: s. 1
    formula: 10 EUR * count(m in members) + fees
  kitchen_pay: {label: Pay, entity: kitchen, period: year, type: money, law: s. 1, formula: sum(m.pay for m in members)}
  last_pay:
    label: Pay before
    entity: kitchen
    period: year
    type: money
    law: s. 1
    formula: kitchen_pay @ last year
  alone:
    label: Cooks alone
    entity: person
    period: month
    type: boolean
    law: s. 2
    formula: kitchen is not none and all(m = self for m in kitchen.members)
  share:
    label: Share
    entity: person
    period: month
    type: money
    law: s. 3
    formula: "if kitchen is none then 1 EUR else kitchen.need / count(m in kitchen.members)"
  food_of_month:
    label: Food of a month
    entity: dwelling
    period: month
    type: money
    law: s. 4
    formula: sum(k.need for k in kitchens where count(m in k.members) > 0)
  food: {label: Food, entity: dwelling, period: year, type: money, law: s. 4, formula: sum(food_of_month over months)}
  largest:
    label: The pay of the best paid kitchen
    entity: dwelling
    period: year
    type: money
    law: s. 5
    formula: max(k.kitchen_pay for k in kitchens) otherwise 0
  as_if_alone:
    label: Share if one cooked at the third stove
    entity: person
    period: month
    type: money
    law: s. 6
    formula: share as if (cooks_at = 3)
"""
