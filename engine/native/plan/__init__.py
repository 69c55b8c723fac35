"""What a kernel computes: its columns, records, terms, shape and options."""
