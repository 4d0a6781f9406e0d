"""What each weight does in its layer: its kind and its fans."""
