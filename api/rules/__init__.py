"""Which rules a user means, and their programs."""
