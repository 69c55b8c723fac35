"""The ways in: the command, and what it and other front ends share. The only package that imports both others."""
