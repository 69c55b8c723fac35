"""What a reform would do: versions of the law over a weighted population, and the answers with their margins."""
