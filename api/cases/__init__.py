"""One case: reading it, computing it, naming what is in it."""
