"""The schema of an initializer: its parameters, their validation and portable draws."""
