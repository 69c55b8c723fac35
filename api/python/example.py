"""A worked example, to be read from top to bottom and run: `python -m rulewright.example`.

It computes the sample's tax, lays a reform over the law, finds who gains most, and asks why.
"""

# %% The law, and real people
import tempfile
from pathlib import Path

import pyarrow.compute

from api import python as rulewright

law = rulewright.load("us")
data = rulewright.sample(500)
frames = {"person": data["person"], "tax_unit": data["tax_unit"]}

# %% Figures of everybody: a row for each tax unit, money as exact decimals
now = law.evaluate(frames, at=2024, want=["income_tax", "eitc", "refundable_ctc"])
print(now.slice(0, 3).to_pylist())

# %% A reform is a file of dated values laid over the law
REFORM = """\
about: A larger child tax credit
law: A bill
set:
  ctc_amount: {2024-01-01: 3_000}
"""
with tempfile.TemporaryDirectory() as folder:
    bill = Path(folder) / "larger_credit.yaml"
    bill.write_text(REFORM, encoding="utf-8")
    reformed = law.reform(bill)
then = reformed.evaluate(frames, at=2024, want=["income_tax"])
less = pyarrow.compute.less(then["income_tax"], now["income_tax"])
print("units that pay less:", pyarrow.compute.sum(less).as_py())

# %% One family, exactly, and why
family = {
    "at": 2024,
    "complete": True,
    "people": {"ada": {"age": 34, "employment_income": 31_000}, "ben": {"age": 9}},
    "tax_units": {"home": {"head": "ada", "dependents": ["ben"]}},
}
print(law.calculate(family, ["eitc"]), reformed.calculate(family, ["ctc"]))
print(law.why(family, "eitc").splitlines()[0])

# %% One row of the frames, and why its figure is what it is
first = now["tax_unit_id"][0].as_py()
print(law.why_row(frames, "income_tax", first, at=2024).splitlines()[0])
