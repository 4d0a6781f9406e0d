"""The output of commands: text, tables, JSON and pictures. Only `render` imports Rich."""
