"""Values in words, the tree of an explanation, and the questions that are left."""
