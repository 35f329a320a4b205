"""What is repeated of what others say, and what is logged, holds none of our keys."""

from __future__ import annotations

import io
import logging

import pytest
from tests.settings.conftest import written

from subagents.models.secrets import Veiled, veiled
from subagents.settings.files import user_file

KEYS = {"OPENAI_API_KEY": " sk-one-two-three \n", "GEMINI_API_KEY": "sk-one-two-three-four"}


def test_keys_are_left_out_whole_where_one_begins_another():
    said = "Bearer sk-one-two-three, sk-one-two-three-four; sk-one"
    assert veiled(said, KEYS) == "Bearer …, …; sk-one"


def test_what_is_too_short_to_be_a_secret_stays():
    assert veiled("a key of none", {"OPENAI_API_KEY": "key", "ANTHROPIC_API_KEY": "none"}) == "a key of none"


def test_other_variables_are_no_secrets():
    assert veiled("/srv/shop", {"FOLDER": "/srv/shop", "OPENAI_API_KEY": ""}) == "/srv/shop"


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("https://me:open%20sesame@box/v1", "open sesame"),
        ("https://me:open%20sesame@box/v1", "open%20sesame"),
        ("https://me:open%20sesame@box/v1", "bWU6b3BlbiBzZXNhbWU="),
        ("https://a-token@box/v1", "a-token"),
        ("https://box/v1?api-key=a%2Bsecret", "a+secret"),
        ("https://box/v1?api-key=a%2Bsecret", "a%2Bsecret"),
        ("me:sesame-1@box:1", "sesame-1"),
    ],
)
def test_what_stands_in_an_address_beside_the_place_is_a_secret(address: str, secret: str):
    for variable in ("OPENAI_BASE_URL", "OLLAMA_HOST", "https_proxy"):
        assert veiled(f"<{secret}> https://box/v1", {variable: address}) == "<…> https://box/v1"


def test_an_address_in_the_users_settings_counts_too():
    written(user_file(), 'openai_base_url = "http://me:open-sesame@box/v1"\n')
    assert veiled("open-sesame", {}) == "…"


def test_an_address_that_makes_no_sense_is_no_error():
    assert veiled("hello", {"OPENAI_BASE_URL": "http://[::1", "OLLAMA_HOST": "@@::@"}) == "hello"


def test_what_is_logged_is_without_keys_down_to_the_first_cause(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one-two-three")
    out = io.StringIO()
    log = logging.Logger("of this story")
    log.addHandler(logging.StreamHandler(out))
    log.addFilter(Veiled())
    try:
        try:
            raise ValueError("illegal header value 'sk-one-two-three'")
        except ValueError as error:
            raise RuntimeError("it broke") from error
    except RuntimeError:
        log.exception("run %s broke with %s", "abc", "sk-one-two-three")
    log.warning("nothing %s", "here")
    text = out.getvalue()
    assert "sk-one" not in text
    assert "run abc broke with …" in text
    assert "illegal header value '…'" in text
    assert "RuntimeError: it broke" in text
    assert text.endswith("nothing here\n")
