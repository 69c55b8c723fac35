"""Tables of people: columns, entries, arrays, and the door they come in by."""
