"""Worked examples: running them, and what they leave untried."""
