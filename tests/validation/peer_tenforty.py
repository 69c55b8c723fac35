"""Compute returns with tenforty (OpenTaxSolver), as a program of its own: JSON lines in, JSON lines out.

PYTHON_WITH_TENFORTY tests/validation/peer_tenforty.py < returns.jsonl > answers.jsonl
"""

import json
import sys

import tenforty  # type: ignore[import-not-found]  # only where this program runs

FIGURES = (
    "federal_adjusted_gross_income", "federal_taxable_income", "federal_qbi_deduction", "federal_amt",
    "federal_income_tax", "federal_se_tax", "federal_niit", "federal_additional_medicare_tax", "federal_total_tax",
)  # fmt: skip

for line in sys.stdin:
    found = tenforty.evaluate_return(**json.loads(line))
    print(json.dumps({name: getattr(found, name) for name in FIGURES}))
