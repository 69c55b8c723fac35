"""Random reforms, and ten named ones, beside taxcalc."""
