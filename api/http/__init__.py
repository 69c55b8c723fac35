"""The HTTP service: routes that read a request, call a use case and serve what it returns. README.md has the routes,
the limits and the threats."""
