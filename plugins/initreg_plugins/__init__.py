"""The built-in plugins: all of Keras's initializers.

They are found through entry points, like everyone else's, and use only initreg's public names.
`random_normal` is the reference plugin.
"""
