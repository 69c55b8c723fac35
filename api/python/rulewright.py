"""`import rulewright`: this module is installed under that name, at the top (`pyproject.toml` maps it).

law = rulewright.load("us")
taxes = law.evaluate({"person": people, "tax_unit": units}, at=2024, want=["income_tax", "eitc"])
"""

from api.python import Failure, Law, RulesInvalid, load, sample, sample_homes, simulate

__all__ = ["Failure", "Law", "RulesInvalid", "load", "sample", "sample_homes", "simulate"]
