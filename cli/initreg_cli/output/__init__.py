"""What commands print: text, tables, JSON and pictures. Only `render` imports Rich."""
