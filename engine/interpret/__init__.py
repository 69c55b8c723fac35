"""The reference interpreter: exact, one case at a time, with trace and unknowns."""
