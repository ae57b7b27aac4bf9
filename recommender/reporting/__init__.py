"""One versioned document of a run, then one module per form of it."""
