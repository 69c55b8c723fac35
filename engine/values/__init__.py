"""Types, numbers, periods, exact values and packed cells."""
