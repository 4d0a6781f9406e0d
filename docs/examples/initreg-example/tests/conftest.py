"""Choose the backend of Keras for all tests."""

from initreg import choose_backend

choose_backend()  # KERAS_BACKEND, or an installed one
