"""The same pure functions on more than one process: Ray, where one machine is not enough."""
