"""The tools a model drives the manager with; each is a parameter model, a function and a description."""

#: Offered only to agents whose definition names them, and only where a run may still go deeper.
DELEGATION_TOOLS = ("Agent", "get_subagent_result", "stop_subagent")
