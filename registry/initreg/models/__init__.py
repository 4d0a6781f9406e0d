"""Whole models: rules, plans, scopes."""
