"""Whole numbers in lanes and limbs, rounding, and exact machine numbers."""
