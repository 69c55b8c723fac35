"""Where text came from, problems as values, and the catalogue of codes."""
