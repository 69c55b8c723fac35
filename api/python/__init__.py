"""What analysts import: `import rulewright`. Load rules, lay reforms over them, evaluate frames, explain one case.

import rulewright
law = rulewright.load("us")
taxes = law.evaluate({"person": people, "tax_unit": units}, at=2024, want=["income_tax", "eitc"])
"""

from api.failures import Failure
from api.python.surface import Law, load, sample, sample_homes, simulate
from engine.text.diagnostics import RulesInvalid

__all__ = ["Failure", "Law", "RulesInvalid", "load", "sample", "sample_homes", "simulate"]
