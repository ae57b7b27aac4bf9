"""From flows to edges: orient, undo duplicates, name both ends, aggregate."""
