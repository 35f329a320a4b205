"""The tools a model drives the manager with; each is a parameter model, a function and a description."""
