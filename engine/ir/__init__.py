"""The typed core: a small set of node kinds that every evaluator understands, and the program made of them."""
