"""The language server, through a client's session over stdio."""
