"""What a prompt wants done: search, plan, delegate, finish, or change something, which takes a language model."""

from __future__ import annotations

import re
from collections.abc import Iterator

CHANGES = (
    "add|adapt|adjust|amend|append|apply|bump|change|clean up|commit|configure|convert|correct|create|debug|delete|"
    "deploy|disable|drop|edit|enable|ensure|extend|extract|fix|format|generate|implement|improve|inline|insert|"
    "install|integrate|introduce|make|merge|migrate|modify|move|optimise|optimize|patch|port|publish|push|refactor|"
    "reformat|release|remove|rename|reorganise|reorganize|repair|replace|resolve|restructure|revert|rewrite|set up|"
    "simplify|split|translate|update|upgrade|wire|write"
)
"""Verbs that, as the main verb of a prompt, ask for a change; alternatives of a regular expression."""
_ONLY_VERBS = (
    "add|adapt|adjust|amend|append|clean up|correct|create|delete|disable|enable|fix|implement|improve|integrate|"
    "introduce|modify|optimise|optimize|refactor|reformat|remove|rename|reorganise|reorganize|repair|replace|"
    "restructure|rewrite|set up|simplify"
)
_ALSO_NOUNS = (
    "bump|change|commit|configure|deploy|drop|edit|inline|insert|install|merge|migrate|move|patch|port|publish|push|"
    "release|revert|split|update|upgrade|write"
)
"""`update cache` may be two words to look for; `update the cache` asks for a change."""
_WORDS_BEFORE = (
    r"(?:please|now|then|next|first|finally|also|so|ok(?:ay)?|just|go ahead and|"
    r"(?:can|could|would|will) you(?: please)?|you (?:should|must|need to|have to)|"
    r"i(?:'d| would)? (?:want|need|like) you to|we (?:should|must|need to|have to)|let'?s|your task is to|"
    r"the task is to|task:)[\s,:]+"
)
_POLITE = rf"(?:{_WORDS_BEFORE})*"
_ASKED = rf"(?:{_WORDS_BEFORE})+"
# A verb of change whose object is the answer itself, or that is a noun here, changes nothing.
_ABOUT_ANSWER = (
    r"(?!\s+(?:\w+\s+){0,4}?(?:summary|list|report|overview|outline|plan|table|description|explanation|inventory|"
    r"diagram|answer|paragraph|line numbers?|excerpts?)\b)(?!\s*[?:=(])"
    r"(?!\s+(?:of|in|from|between|is|are|was|were|nothing|no|down)\b)"
)
_IMPERATIVE = re.compile(rf"^\W*{_POLITE}(?:{CHANGES})\b{_ABOUT_ANSWER}", re.I)
# … and fix it: a second thing to do, with its object, which a relative clause would not have in this form.
_OBJECT = r"(?:it|them|this|that|these|those|the|an?|all|any|each|every|one|some|tests?|its|their|our|my)\b"
_SECOND = re.compile(
    rf"(?:,|;|\band|\bthen)\s+(?:then\s+)?(?:{CHANGES})(?=\s+{_OBJECT}){_ABOUT_ANSWER}", re.I
)
_CLEAR = re.compile(
    rf"^\W*(?:{_POLITE}(?:{_ONLY_VERBS})|{_ASKED}(?:{_ALSO_NOUNS})|(?:{_ALSO_NOUNS})(?=\s+(?:{_OBJECT}|`)))"
    rf"\b{_ABOUT_ANSWER}",
    re.I,
)
_CLEAR_SECOND = re.compile(
    rf"(?:,|;|\band|\bthen)\s+(?:then\s+)?(?:{_ONLY_VERBS}|{_ALSO_NOUNS})(?=\s+{_OBJECT}){_ABOUT_ANSWER}",
    re.I,
)
# A search is run as well, and so are agents: both can be had.
_NO_COMMAND = r"(?!\s+(?:\S+\s+){0,3}?(?:search(?:es)?|grep|look|queries|query|(?:sub-?)?agents?)\b)"
_COMMAND = r"(?:`|\./|pytest|tox|nox|make|npm|npx|yarn|cargo|go|git|python3?|ruff|mypy|uv|pip|bash|sh)"
_RUNS = re.compile(
    rf"^\W*{_POLITE}(?:run|re-?run|execute){_NO_COMMAND}\s+(?:{_OBJECT}|{_COMMAND})"
    rf"|^\W*{_ASKED}(?:run|re-?run|execute){_NO_COMMAND}\s+(?!through\b|into\b)",
    re.I,
)
# Thinking about a change: what follows says what about.
_PROPOSES = re.compile(
    rf"^\W*{_POLITE}(?:plan|design|propose|outline|draft|suggest|explain|describe|consider)\b(?!\s+and\b)",
    re.I,
)
_SEARCHES = re.compile(rf"^\W*{_POLITE}(?:find|search|look|list|show|locate|check|identify|report)\b", re.I)
_QUOTED = re.compile(r"^\s*(```|~~~).*?(?:^\s*\1|\Z)|^>.*$", re.M | re.S)
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
_GIVEN = re.compile(r"<(environment|skills|agent_memory)\b[^\n]*>\n.*?</\1>", re.S)

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
    return any(_is_change(sentence, _IMPERATIVE, _SECOND) for sentence in _requests(prompt))


def clearly_asks_for_change(prompt: str) -> bool:
    """The same where searching is expected: what may be words to look for, or about the answer, is taken as that."""
    return any(_is_change(sentence, _CLEAR, _CLEAR_SECOND) for sentence in _requests(prompt))


def asks_to_run(prompt: str) -> bool:
    """Whether a command is to be run: `Run the tests.`, not `How are the tests run?`."""
    return any(_RUNS.match(sentence) for sentence in _requests(prompt))


def _requests(prompt: str) -> Iterator[str]:
    """The sentences that may ask for something to be done; none of a plan, nor the items of what is to be found."""
    sought = False
    sentences = [sentence for sentence in _SENTENCE.split(_QUOTED.sub("", prompt)) if sentence.strip()]
    if sentences and _PROPOSES.match(sentences[0]):
        return
    for sentence in sentences:
        item = _BULLET.match(sentence)
        if item is None:
            sought = sentence.rstrip().endswith(":") and _seeks(sentence)
            yield sentence
        elif not sought:
            yield sentence[item.end() :]


def _seeks(sentence: str) -> bool:
    return _ASKING.match(sentence) is not None or _SEARCHES.match(sentence) is not None


def _is_change(sentence: str, first: re.Pattern[str], other: re.Pattern[str]) -> bool:
    if first.match(sentence):
        return True
    if _ASKING.match(sentence):
        return False
    second = other.search(sentence)
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
    """What the instructions say of the agent itself, without the place it works in, its skills and its memory."""
    own = _OWN_ROLE.search(instructions)
    return (own[1] if own else _GIVEN.sub("", instructions))[:_ROLE_LENGTH]
