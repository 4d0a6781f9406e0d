"""Use initializers in other tools: Pydantic, JSON Schema, OmegaConf and Hydra."""
