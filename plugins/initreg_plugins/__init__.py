"""The built-in plugins: all initializers of Keras, and extras.

Like other plugins, they are found through entry points and use only initreg's public names. To
write your own, copy `random_normal`.
"""
