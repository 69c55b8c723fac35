"""Overlays: what a reform sets, and how it is laid over rules."""
