from __future__ import annotations

import pytest

from subagents.workspaces.processes.variables import NOBODY_THERE, command_environment


def test_a_command_gets_the_path_the_home_and_the_language():
    outer = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "LANG": "de_DE.UTF-8",
        "LC_TIME": "C",
        "VIRTUAL_ENV": "/venv",
    }
    assert command_environment(outer, {}) == outer | NOBODY_THERE


@pytest.mark.parametrize(
    "name",
    [
        *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"),
        *(
            "PATH_TOKEN",
            "MY_LC_SECRET",
            "LC_SECRET",
            "LC_API_KEY",
            "BASH_ENV",
            "ENV",
            "LD_PRELOAD",
            "PYTHONSTARTUP",
        ),
    ],
)
def test_keys_and_what_runs_code_at_start_stay_behind(name: str):
    assert name not in command_environment({name: "x"}, {})


def test_the_address_of_a_proxy_is_passed_on_unless_it_holds_a_password():
    outer = {"HTTP_PROXY": "http://proxy:3128", "HTTPS_PROXY": "http://me:secret@proxy:3128"}
    environment = command_environment(outer, {})
    assert environment["HTTP_PROXY"] == "http://proxy:3128"
    assert "HTTPS_PROXY" not in environment


def test_nothing_waits_for_a_person():
    environment = command_environment({"PAGER": "less", "TERM": "xterm"}, {})
    assert (environment["PAGER"], environment["GIT_TERMINAL_PROMPT"], environment["TERM"]) == (
        "cat",
        "0",
        "dumb",
    )


def test_what_the_runner_adds_has_the_last_word():
    environment = command_environment({"HOME": "/home/me"}, {"SUBAGENTS_RUN": "r1", "HOME": "/elsewhere"})
    assert (environment["SUBAGENTS_RUN"], environment["HOME"]) == ("r1", "/elsewhere")
