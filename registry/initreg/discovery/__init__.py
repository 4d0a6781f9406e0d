"""Find installed plugins through entry points, and load those that the user allows."""
