"""A provider that repeats the key it was sent puts it neither on the terminal nor into what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.doors.program import Done, Program
from tests.wire.server.providers import PROVIDERS, Provider
from tests.wire.server.script import Call, Refusal, Step, calls
from tests.wire.server.serving import Asked, Play, served

SECRET = "sk-not-for-anybodys-eyes-0123456789"
CARRIERS = ("authorization", "x-api-key", "x-goog-api-key")
LOOKS = calls(Call("grep", {"pattern": "retries"}))


class Echo(Play):
    """Refuses with what it was sent: the header with the key, over and over, so that no cut is at its end."""

    def next(self, asked: Asked) -> Step:
        step = super().next(asked)
        if not isinstance(step, Refusal):
            return step
        carried = [asked.headers[name] for name in CARRIERS if name in asked.headers]
        return Refusal(step.status, f"no: {carried} " * 40)


def ran(provider: Provider, steps: list[Step], project: Path, account: str = "") -> tuple[Done, Echo]:
    """The program with this secret as its key, against a server that repeats it."""
    with served(provider.dialect, steps, Echo) as play:
        assert isinstance(play, Echo)
        address = play.url.replace("://", f"://{account}@") if account else play.url
        environment = {**provider.environment(address), provider.key: SECRET}
        arguments = ("run", "Explore", "where are retries?", "--model", provider.model)
        program = Program(arguments, project, **environment)
        try:
            return program.ends(), play
        finally:
            program.clean_up()


def kept(home: Path) -> Iterator[tuple[Path, bytes]]:
    for path in home.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_key_that_a_provider_repeats_is_told_and_kept_nowhere(name: str, project: Path, home: Path):
    done, play = ran(PROVIDERS[name], [Refusal(401)], project)

    assert any(SECRET in header for header in play.asked[0].headers.values())
    assert "its provider refused the key (HTTP 401: no: ['" in done.err
    assert "…" in done.err
    assert SECRET[:12] not in done.err + done.out
    assert [path for path, data in kept(home) if SECRET[:12].encode() in data] == []
    assert any(path.name == "log.db" for path, _data in kept(home))


def test_a_password_in_an_address_is_kept_nowhere_either(project: Path, home: Path):
    account = "somebody:open-sesame-77"
    done, play = ran(PROVIDERS["chat"], [LOOKS, Refusal(400)], project, account)

    said = json.dumps(play.asked[1].headers)
    hidden = ["open-sesame-77", "c29tZWJvZHk6b3Blbi1zZXNhbWUtNzc=", SECRET]
    assert any(secret in said for secret in hidden)
    for secret in hidden:
        assert secret not in done.err + done.out
        assert [path for path, data in kept(home) if secret.encode() in data] == []
