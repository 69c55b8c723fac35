"""The commands that work on a log."""
