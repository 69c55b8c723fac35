"""Populations from files to a file."""
