"""The schema of an initializer: its parameters, its checks and its portable draw."""
