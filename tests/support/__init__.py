"""What tests share: paths, processes, distributions, environments, and the blocks of the docs."""
