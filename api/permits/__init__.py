"""Permissions as tokens: a signed, dated decision that anybody verifies offline, and a list that takes it back."""
