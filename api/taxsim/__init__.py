"""TAXSIM-35's columns in, TAXSIM-35's columns out: researchers' scripts run against these rules.

columns.py    which columns there are, in and out
table.py      CSV into rows: headers, cells, what is wrong with them
units.py      a row into the people and facts of a tax unit
answers.py    figures into TAXSIM's columns
run.py        the whole: rows in, lines out, bad rows told apart
"""

from api.taxsim.run import Report, run

__all__ = ["Report", "run"]
