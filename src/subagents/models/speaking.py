"""The model library's classes for each way of speaking to a server. What names, keys and addresses mean is not known
here; the library is imported when something is made, because each of its parts costs about a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.models import Model

#: An address ("" is the provider's own) and a key → what makes a model of an id there.
Speaker = Callable[[str, str], "Callable[[str], Model[Any]]"]

# The library's default times stand: 5 seconds to connect, 10 minutes (Google: 20) without a byte, since a model that
# thinks may be silent for long. The SDKs' own retries are off: ours is the one layer that asks again.


def anthropic(url: str, key: str) -> Callable[[str], Model[Any]]:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    provider = AnthropicProvider(api_key=key, base_url=url or None)
    provider.client.max_retries = 0
    return lambda model: AnthropicModel(model, provider=provider, settings={"cache": True})


def google(url: str, key: str) -> Callable[[str], Model[Any]]:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(api_key=key, base_url=url or None)
    return lambda model: GoogleModel(model, provider=provider)


def responses(url: str, key: str) -> Callable[[str], Model[Any]]:
    """OpenAI's own, or a proxy that speaks as it does."""
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(api_key=key, base_url=url or None)
    provider.client.max_retries = 0
    return lambda model: OpenAIResponsesModel(model, provider=provider, settings={"cache": True})


def chat(url: str, key: str) -> Callable[[str], Model[Any]]:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(api_key=key, base_url=url or None)
    provider.client.max_retries = 0
    # Its replies say why they end; one that does not was cut off on its way.
    complete = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return lambda model: OpenAIChatModel(model, provider=provider, profile=complete, settings={"cache": True})


def compatible(url: str, key: str) -> Callable[[str], Model[Any]]:
    """A server that is not OpenAI's is told nothing that only OpenAI's understands, and priced by its address only."""
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    provider = OpenAICompatibleProvider("openai-compatible", base_url=url, api_key=key)
    provider.client.max_retries = 0
    return lambda model: OpenAIChatModel(model, provider=provider)


def ollama(url: str, key: str) -> Callable[[str], Model[Any]]:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    provider = OllamaProvider(base_url=url, api_key=key)
    provider.client.max_retries = 0
    return lambda model: OllamaModel(model, provider=provider)


SPEAKERS: Mapping[str, Speaker] = {
    each.__name__: each for each in (anthropic, google, responses, chat, compatible, ollama)
}
