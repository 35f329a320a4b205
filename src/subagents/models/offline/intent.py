"""What a prompt wants done: search, plan, delegate, finish, or change something, which takes a language model."""

from __future__ import annotations

import re

CHANGES = (
    "add|adapt|adjust|amend|append|apply|bump|change|clean up|commit|configure|convert|correct|create|debug|delete|"
    "deploy|disable|drop|edit|enable|ensure|extend|extract|fix|format|generate|implement|improve|inline|insert|"
    "install|integrate|introduce|make|merge|migrate|modify|move|optimise|optimize|patch|port|publish|push|refactor|"
    "reformat|release|remove|rename|reorganise|reorganize|repair|replace|resolve|restructure|revert|rewrite|set up|"
    "simplify|split|translate|update|upgrade|wire|write"
)
"""Verbs that, as the main verb of a prompt, ask for a change; alternatives of a regular expression."""
_POLITE = (
    r"(?:(?:please|now|then|next|first|finally|also|so|ok(?:ay)?|just|go ahead and|"
    r"(?:can|could|would|will) you(?: please)?|you (?:should|must|need to|have to)|"
    r"i(?:'d| would)? (?:want|need|like) you to|we (?:should|must|need to|have to)|let'?s|your task is to|"
    r"the task is to|task:)[\s,:]+)*"
)
# A verb of change whose object is the answer itself, or that is a noun here, changes nothing.
_ABOUT_ANSWER = (
    r"(?!\s+(?:\w+\s+){0,4}?(?:summary|list|report|overview|outline|plan|table|description|explanation|inventory|"
    r"diagram|answer)\b)(?!\s*[?:=(])(?!\s+(?:of|in|from|between|is|are|was|were)\b)"
)
_IMPERATIVE = re.compile(rf"^\W*{_POLITE}(?:{CHANGES})\b{_ABOUT_ANSWER}", re.I)
# … and fix it: a second thing to do, with its object, which a relative clause would not have in this form.
_SECOND = re.compile(
    rf"(?:,|;|\band|\bthen)\s+(?:then\s+)?(?:{CHANGES})\s+(?:it|them|this|that|these|those|the|an?|all|any|each|"
    r"every|one|some|tests?|its|their)\b",
    re.I,
)
_ASKING = re.compile(
    r"^\W*(?:and\s+)?(?:where|which|what|who|whose|how|why|when|does|do|did|is|are|was|were|has|have)\b", re.I
)
_RELATIVE = re.compile(r"\b(?:that|which|who|where|how|to|when|whether)\b", re.I)
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")

_WRAP_UP = re.compile(r"\bwrap(?:ping)?[ -]up\b", re.I)
_GOES_ON = re.compile(
    r"\W*(?:please\s+)?(?:continue|go on|keep going|proceed|resume|carry on|go ahead|try again|retry|once more|"
    r"ok(?:ay)?|yes|thanks|thank you)"
    r"(?:\s+(?:please|now|then|from there|where you (?:left off|were|stopped)|with (?:it|that)))*\W*",
    re.I,
)
_CORRECTION = re.compile(
    r"(?:your|the|that)\s+(?:\w+\s+)?(?:answer|reply|response|output)\b[^?]*"
    r"\b(?:schema|json|does not (?:fit|match)|not valid|is not what)",
    re.I,
)

_PLANS = re.compile(
    r"\barchitect\b|\bplanner\b|\bplanning\b|\bimplementation plan|\byou plan\b"
    r"|\b(?:write|make|produce|design|create|draw up|devise)\s+(?:\w+\s+){0,2}plans?\b",
    re.I,
)
_ROLE_LENGTH = 1500
"""Characters of the instructions that say what the agent is; the project's own notes may follow."""
_OWN_ROLE = re.compile(r"<agent_instructions>\n(.*?)</agent_instructions>", re.S)
_ENVIRONMENT = re.compile(r"<environment>.*?</environment>", re.S)

_DELEGATES = re.compile(
    r"\bdelegate\b|\bin parallel\b"
    r"|\b(?:use|with|start|spawn|launch|ask|through|run)\s+(?:\w+\s+){0,3}(?:sub-?)?agents?\b",
    re.I,
)
_ORCHESTRATES = re.compile(
    r"\borchestrat|\balways delegate|\bonly delegate|\bdelegate (?:everything|all|each)|\byou delegate\b",
    re.I,
)

_WRITES = frozenset(("write", "edit", "bash"))


def asks_for_change(prompt: str) -> bool:
    """Whether the prompt's main verb is to change something: `Fix the test.`, not `Where is the test fixed?`."""
    return any(
        _is_change(_BULLET.sub("", sentence)) for sentence in _SENTENCE.split(prompt) if sentence.strip()
    )


def _is_change(sentence: str) -> bool:
    if _IMPERATIVE.match(sentence):
        return True
    if _ASKING.match(sentence):
        return False
    second = _SECOND.search(sentence)
    return second is not None and not _RELATIVE.search(sentence[: second.start()])


def may_change(tools: frozenset[str]) -> bool:
    """Whether an agent with these tools could change something."""
    return bool(tools & _WRITES)


def asks_to_wrap_up(message: str) -> bool:
    return _WRAP_UP.search(message) is not None


def goes_on(prompt: str) -> bool:
    """Whether a prompt asks for more of the same: `continue`, or a remark on the form of the last answer."""
    return _GOES_ON.fullmatch(prompt) is not None or _CORRECTION.match(prompt.strip()) is not None


def plans(instructions: str) -> bool:
    """Whether the agent's role is to plan."""
    return _PLANS.search(_role(instructions)) is not None


def delegates(prompt: str, instructions: str, tools: frozenset[str]) -> bool:
    """Whether to have other agents do it: they can be had, and it was asked for or nothing else is possible."""
    if not {"Agent", "get_subagent_result"} <= tools:
        return False
    if "grep" not in tools or _ORCHESTRATES.search(_role(instructions)):
        return True
    asked = (sentence for sentence in _SENTENCE.split(prompt) if not _ASKING.match(sentence))
    return any(_DELEGATES.search(sentence) for sentence in asked)


def _role(instructions: str) -> str:
    """What the instructions say of the agent itself, without the place it works in."""
    own = _OWN_ROLE.search(instructions)
    return (own[1] if own else _ENVIRONMENT.sub("", instructions))[:_ROLE_LENGTH]
