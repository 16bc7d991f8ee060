"""Agents: a model that calls tools until it is done, and chains of such steps."""
