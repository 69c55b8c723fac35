"""What would cure a refusal: the smallest sets of facts whose change makes a condition hold, and when waiting does."""
