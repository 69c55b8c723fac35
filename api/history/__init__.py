"""Events and tables into a log, and histories out of it."""
