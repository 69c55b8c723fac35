"""IR to machine code, and the cache of compiled objects."""
