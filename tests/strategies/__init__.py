"""Hypothesis strategies that several kinds of test share."""
