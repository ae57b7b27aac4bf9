"""Value types that every package shares, and their algebra: pure, without input or output."""
