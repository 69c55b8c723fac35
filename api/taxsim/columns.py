"""TAXSIM-35's columns, and which of our facts and figures they are.

The convention sets the meaning of a column that is absent or empty: 0. The same holds for an age: a filer of 0 is one
whose age was not stated, which TAXSIM takes for one who is neither young nor old; a dependent of 0 is an infant.
Columns are found by name, spaces stripped, in any order and case; those not listed here are ignored, as they are by
TAXSIM.
"""

from __future__ import annotations

AGES = tuple(f"age{number}" for number in range(1, 12))
UNDER_AGES = {"dep6": 6, "dep13": 13, "dep17": 17, "dep18": 18, "dep19": 19}
CODES = ("year", "state", "mstat", "page", "sage", "depx", *AGES, *UNDER_AGES, "idtl", "mtr")

# Money columns that are one fact of the primary taxpayer (and, beside it, of the spouse).
HEAD = {
    "pwages": "employment_income",
    "psemp": "self_employment_income",
    "pbusinc": "self_employment_income",
    "pprofinc": "sstb_self_employment_income",
    "pui": "unemployment_compensation",
    "ui": "unemployment_compensation",
    "dividends": "qualified_dividend_income",
    "intrec": "taxable_interest_income",
    "stcg": "short_term_capital_gains",
    "ltcg": "long_term_capital_gains",
    "otherprop": "investment_other_income",
    "nonprop": "miscellaneous_income",
    "pensions": "taxable_pension_income",
    "gssi": "social_security",
    "proptax": "real_estate_taxes",
    "otheritem": "state_and_local_income_tax_paid",
    "mortgage": "home_mortgage_interest",
    "scorp": "partnership_s_corp_income",
}
# From 2018 on TAXSIM does not hold `otheritem` to the limit on state and local taxes: it is what may be deducted.
OTHER_ITEMIZED, OTHER_ITEMIZED_FROM = "other_itemized_deductions", 2018
SPOUSE = {
    "swages": "employment_income",
    "ssemp": "self_employment_income",
    "sbusinc": "self_employment_income",
    "sprofinc": "sstb_self_employment_income",
    "sui": "unemployment_compensation",
}
UNIT = {"childcare": "tax_unit_childcare_expenses"}
UNUSED = ("transfers", "rentpaid")  # they matter to state credits only
MONEY = (*HEAD, *SPOUSE, *UNIT, *UNUSED)
KNOWN = frozenset(("taxsimid", *CODES, *MONEY))

# What marginal rates are taken on, by the code in `mtr`. 0, and no column, are 85.
MARGINAL = {
    85: ("pwages",),
    86: ("swages",),
    11: ("pwages", "swages"),
    14: ("intrec",),
    22: ("dividends",),
    70: ("ltcg",),
}
DEFAULT_MARGINAL = 85
INCOMES = tuple(dict.fromkeys(name for names in MARGINAL.values() for name in names))

STANDARD = ("taxsimid", "year", "state", "fiitax", "siitax", "fica", "frate", "srate", "ficar", "tfica")

# Columns of the full output that are one figure of ours.
FIGURES = {
    "v10": "adjusted_gross_income",
    "v11": "taxable_unemployment_compensation",
    "v12": "tax_unit_taxable_social_security",
    "v13": "standard_deduction",
    "v14": "exemptions",
    "v16": "itemized_taxable_income_deductions_reduction",
    "v18": "taxable_income",
    "v19": "regular_tax_before_credits",
    "v22": "non_refundable_ctc",
    "v23": "refundable_ctc",
    "v25": "eitc",
    "v26": "amt_income",
    "v27": "alternative_minimum_tax",
    "v28": "regular_tax_before_credits",
    "v43": "net_investment_income_tax",
    "v44": "additional_medicare_tax",
    "v45": "recovery_rebate_credit",
    "qbid": "qualified_business_income_deduction",
    "niit": "net_investment_income_tax",
    "addmed": "additional_medicare_tax",
    "actc": "refundable_ctc",
}
ITEMIZES, ITEMIZED = "tax_unit_itemizes", "itemized_deductions"
INCOME_TAX = "income_tax"
PAYROLL_TAX = "payroll_tax"  # employees', employers' and self-employment tax together
TAXPAYERS_SHARE = "tax_unit_employee_share_of_payroll_tax"  # with self-employment and Additional Medicare Tax
CHILD_CARE = ("cdcc", "refundable_cdcc")
ADDITIONAL_MEDICARE = "additional_medicare_tax"

# Zero always (v20, v21: repealed), or zero until there are rules for states. v15 is left empty: it is part of v14 here.
REPEALED = ("v20", "v21")
STATE = tuple(f"v{number}" for number in range(30, 42))
FULL = (*STANDARD, *(f"v{number}" for number in range(10, 46) if number != 42), "qbid", "niit", "addmed", "actc")
ANSWERS = frozenset(FULL)

LABELS = {
    "fiitax": "Federal income tax after credits",
    "siitax": "State income tax",
    "fica": "Payroll tax, employee's and employer's",
    "frate": "Federal marginal rate, percent",
    "srate": "State marginal rate, percent",
    "ficar": "Payroll tax marginal rate, percent",
    "tfica": "Payroll tax, the taxpayer's share",
    "v10": "Adjusted gross income",
    "v11": "Unemployment compensation in income",
    "v12": "Social Security benefits in income",
    "v13": "Standard deduction",
    "v14": "Exemptions",
    "v16": "Itemized deduction phase-out",
    "v17": "Itemized deductions allowed",
    "v18": "Taxable income",
    "v19": "Regular tax",
    "v22": "Child tax credit",
    "v23": "Additional child tax credit",
    "v24": "Child care credit",
    "v25": "Earned income credit",
    "v26": "Alternative minimum taxable income",
    "v27": "Alternative minimum tax",
    "v28": "Federal income tax before credits and minimum tax",
    "v29": "Payroll tax, employee's and employer's",
    "v43": "Net investment income tax",
    "v44": "Additional Medicare Tax",
    "v45": "Recovery rebate credit",
    "qbid": "Qualified business income deduction",
}
