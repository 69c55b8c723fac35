"""Other people's conventions over HTTP: their requests into our cases, our figures into their answers."""
