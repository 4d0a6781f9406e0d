"""Scripts that run in processes with simulated devices; see tests/models/test_sharding.py."""
