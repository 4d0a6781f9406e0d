"""What all tests share: the backend of Keras."""

from initreg import choose_backend

choose_backend()  # that of KERAS_BACKEND, or one that is installed
