"""Tables, reports and pictures for the terminal and for files."""
