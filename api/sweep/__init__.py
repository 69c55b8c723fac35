"""One fact over a range: figures as exact pieces, their slopes, and every jump with the rule that causes it."""
