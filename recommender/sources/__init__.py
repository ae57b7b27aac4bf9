"""One module per log format: recognise it, turn it into canonical flows, count what is not read."""
