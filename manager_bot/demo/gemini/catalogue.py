"""The models the emulated Gemini offers, with the traits that make the real API refuse requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from manager_bot.demo.gemini.errors import Json, JsonObject


class Thinking(StrEnum):
    """Whether a model thinks, and whether a caller may switch it off."""

    OFF = "off"
    OPTIONAL = "optional"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalogue."""

    id: str
    thinking: Thinking = Thinking.OPTIONAL
    signatures: bool = False
    """Gemini 3 refuses a function call of the current turn that comes back without its thought signature."""
    embeds: bool = False
    input_limit: int = 1_048_576
    output_limit: int = 65_536

    @property
    def verbs(self) -> tuple[str, ...]:
        """What `supportedGenerationMethods` lists."""
        if self.embeds:
            return ("embedContent", "countTokens", "batchEmbedContents")
        return ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent")

    def allows(self, verb: str) -> bool:
        """Streaming is not listed by the real API, yet every generating model does it."""
        return ("generateContent" if verb == "streamGenerateContent" else verb) in self.verbs

    def card(self) -> JsonObject:
        """The object of `GET models/{id}`."""
        verbs: list[Json] = list(self.verbs)
        card: JsonObject = {
            "name": f"models/{self.id}",
            "version": "001",
            "displayName": self.id.replace("-", " ").title(),
            "description": f"Emulated {self.id}",
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": verbs,
        }
        if not self.embeds:
            card |= {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2}
            card["thinking"] = self.thinking is not Thinking.OFF
        return card


def guess(model_id: str) -> Model:
    """A model by its id alone, with the traits its family has."""
    if "embedding" in model_id:
        return Model(model_id, Thinking.OFF, embeds=True, input_limit=2048, output_limit=1)
    thinking = Thinking.ALWAYS if "pro" in model_id.split("-") else Thinking.OPTIONAL
    if model_id.startswith(("gemini-2.0", "gemini-1")):
        thinking = Thinking.OFF
    return Model(model_id, thinking, signatures=model_id.startswith("gemini-3"))


DEFAULT_MODELS: Final = (
    "gemini-3.1-flash-lite",
    "gemini-3-flash-preview",
    "gemini-3.1-pro-preview",
    "gemini-2.5-flash-lite",
    "gemini-2.5-flash",
    "gemini-2.5-pro",
    "gemini-embedding-001",
)


def catalogue(ids: Iterable[str] = DEFAULT_MODELS) -> dict[str, Model]:
    """Models by id."""
    return {one: guess(one) for one in ids}
