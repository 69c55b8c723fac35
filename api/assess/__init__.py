"""Assessing what is in a log: the annual run, and corrections as late facts arrive."""
