"""The environment of a command that an agent runs: what is passed on to it, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping

#: What a command of a run is told of where it is; a program of ours that is started there reads it.
RUN, TREE, DEPTH = "SUBAGENTS_RUN", "SUBAGENTS_TREE", "SUBAGENTS_DEPTH"

# An allow-list, since keys hide under any name (API keys, tokens, database addresses). A variable stands
# here if commands misbehave without it and its value says where something is or who the user is:
PASSED_ON = frozenset(
    {
        # the user and the machine
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"),
        # where tool chains live
        *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYENV_ROOT", "NVM_DIR", "JAVA_HOME"),
        *("GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "GEM_HOME"),
        # which certificates and which way out of a company's network
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
        *("NO_PROXY", "no_proxy"),
        # the language and its ways of writing: the categories that there are, not whatever begins like them
        *("LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
        *("LC_ADDRESS", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_NAME", "LC_PAPER", "LC_TELEPHONE"),
        # `git fetch` over ssh. It is a socket's name and no key, and whoever may read the user's files
        # finds the socket without it: leaving it out would break commands and protect nothing.
        "SSH_AUTH_SOCK",
    }
)

# The address of a proxy may hold a password; then it stays here.
PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"})

# Nobody is there to press a key. CI=1 is not set on purpose: it changes what test runners do, not
# only how they ask.
NOBODY_THERE = {
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "DEBIAN_FRONTEND": "noninteractive",
}


def command_environment(outer: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a command: the harmless part of `outer`, and over it `extra`.

    `extra` is what the runner tells a command (`RUN`, `TREE`, `DEPTH` and the like). The mark by which what a command
    left running is recognised is added when it starts, see `groups.py`.
    """
    passed_on = {name: value for name, value in outer.items() if _passed_on(name, value)}
    return passed_on | NOBODY_THERE | dict(extra)


def _passed_on(name: str, value: str) -> bool:
    if name in PROXIES:
        return "@" not in value
    return name in PASSED_ON
