"""Text into trees: the YAML reader, the grammar of formulas, and the printer that writes them back."""
