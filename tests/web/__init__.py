"""The pages: what they answer, and what a real browser makes of them."""
