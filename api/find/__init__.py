"""Everybody for whom a condition holds, over tables or a log."""
