"""The law's compiler and evaluators. Knows nothing of storage, HTTP or the command line."""
