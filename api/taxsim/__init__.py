"""TAXSIM-35's columns in, TAXSIM-35's columns out: researchers' scripts run against these rules.

columns.py    which columns there are, in and out
table.py      a line of cells into a row, and what is wrong with it
units.py      a row into the people and facts of a tax unit
blocks.py     many rows as columns
numbers.py    cells into whole numbers, column by column
reading.py    CSV, TSV, Parquet and Arrow into blocks
sound.py      which rows of a block are tax units
vectors.py    a block into a population
figures.py    the figures of many rows
answers.py    figures into TAXSIM's columns
rates.py      marginal rates
writing.py    answers as a table
run.py        the whole: rows in, lines out, bad rows told apart
"""

from api.taxsim.run import Report, run

__all__ = ["Report", "run"]
