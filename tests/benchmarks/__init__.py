"""Benchmarks: run by hand, one module each; none is a test."""
