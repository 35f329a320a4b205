"""The four ways of speaking: each with a model's name and what leads to the server that answers for it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.wire.server.anthropic import Anthropic
from tests.wire.server.dialect import Dialect
from tests.wire.server.gemini import Gemini
from tests.wire.server.openai_chat import OpenAIChat
from tests.wire.server.openai_responses import OpenAIResponses


@dataclass(frozen=True)
class Provider:
    """`key` and `url` are variables of the environment; `path` is added to the server's address."""

    model: str
    dialect: Dialect
    key: str
    url: str
    path: str = ""
    writes_cache: bool = False
    priced: bool = True

    def environment(self, server: str) -> dict[str, str]:
        return {self.key: "a-key", self.url: server + self.path}


PROVIDERS = {
    "anthropic": Provider(
        "anthropic:claude-haiku-4-5",
        Anthropic(),
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        writes_cache=True,
    ),
    "chat": Provider(
        "openai:gpt-5-mini", OpenAIChat(), "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1", priced=False
    ),
    "responses": Provider(
        "openai-responses:gpt-5-mini", OpenAIResponses(), "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"
    ),
    "gemini": Provider("google:gemini-2.5-flash", Gemini(), "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
}
