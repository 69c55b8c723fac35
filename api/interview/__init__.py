"""The interview: what to ask next, and answers as they are typed."""
