"""Plan and draw the weights of whole models, and load saved models."""
