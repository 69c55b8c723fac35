"""The HTTP service, in the process; one test runs the real server."""
