"""The semantic refusals of the real API: a body may parse and still be no conversation."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from manager_bot.demo.gemini.catalogue import Model, Thinking
from manager_bot.demo.gemini.errors import GoogleError, JsonObject, bad_request
from manager_bot.demo.gemini.schema import PART_DATA
from manager_bot.demo.gemini.words import contents_of, is_user, parts_of

_SIGNATURE_HEAD: Final = b"demo-thought:"
SKIP_SIGNATURES: Final = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
"""The two strings Google documents for histories that were not made by Gemini."""


def sign(seed: str) -> str:
    """A thought signature that `signed` recognises without any memory of having given it."""
    digest = hashlib.sha256(seed.encode()).digest()[:18]
    return base64.b64encode(_SIGNATURE_HEAD + digest + hashlib.sha256(digest).digest()[:6]).decode()


def signed(signature: str) -> bool:
    """Whether a signature came from here, unchanged."""
    if signature in SKIP_SIGNATURES:
        return True
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    digest, proof = raw[len(_SIGNATURE_HEAD) : -6], raw[-6:]
    return raw.startswith(_SIGNATURE_HEAD) and hashlib.sha256(digest).digest()[:6] == proof


def check_generate(body: JsonObject, model: Model) -> None:
    """Refuse what `generateContent` refuses; raises `GoogleError`."""
    _check_contents(body)
    _check_turns(contents_of(body))
    _check_signatures(contents_of(body), model)
    _check_config(body, model)
    if body.get("cachedContent"):
        raise GoogleError(403, "CachedContent not found (or permission denied)")


def _check_contents(body: JsonObject) -> None:
    contents = contents_of(body)
    if not contents:
        raise bad_request("* GenerateContentRequest.contents: contents is not specified\n")
    for at, content in enumerate(contents):
        role = content.get("role") or "user"
        if role == "system":
            raise bad_request("Content with system role is not supported.")
        if role not in ("user", "model", "function"):
            raise bad_request("Please use a valid role: user, model.")
        where = f"* GenerateContentRequest.contents[{at}].parts"
        parts = parts_of(content)
        if not parts:
            raise bad_request(f"{where}: contents.parts must not be empty.\n")
        for index, part in enumerate(parts):
            _check_part(part, f"{where}[{index}]")


def _check_part(part: JsonObject, where: str) -> None:
    if not any(key in part for key in PART_DATA):
        raise bad_request(f"{where}.data: required oneof field 'data' must have one initialized field\n")
    for key, shown in (("functionCall", "function_call"), ("functionResponse", "function_response")):
        named = part.get(key)
        if isinstance(named, dict) and not named.get("name"):
            raise bad_request(f"{where}.{shown}.name: Name cannot be empty.\n")
    blob = part.get("inlineData")
    if isinstance(blob, dict) and not blob.get("mimeType"):
        raise bad_request(f"{where}.inline_data.mime_type: mime type must not be empty.\n")


def _check_turns(contents: list[JsonObject]) -> None:
    """A function response follows its call at once, with as many parts."""
    open_calls = 0
    for at, content in enumerate(contents):
        calls = sum("functionCall" in part for part in parts_of(content))
        responses = sum("functionResponse" in part for part in parts_of(content))
        if responses and not open_calls:
            raise bad_request("Please ensure that function response turn comes immediately after a function call turn.")
        if open_calls != responses:
            raise bad_request(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        if calls and (at == 0 or content.get("role") != "model" or contents[at - 1].get("role") == "model"):
            raise bad_request(
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn."
            )
        open_calls = calls
    if contents[-1].get("role") == "model":
        many = "multiturn requests end with a user role or a function response"
        single = "single turn requests end with a user role or the role field is empty"
        raise bad_request(f"Please ensure that {many if len(contents) > 1 else single}.")


def _check_signatures(contents: list[JsonObject], model: Model) -> None:
    start = max((at for at, content in enumerate(contents) if is_user(content)), default=0)
    for at, content in enumerate(contents):
        calls = [part for part in parts_of(content) if "functionCall" in part]
        for part in parts_of(content):
            signature = part.get("thoughtSignature")
            if isinstance(signature, str) and not signed(signature):
                raise bad_request("Thought signature is not valid. Corrupted thought signature.")
        if calls and at > start and model.signatures and not calls[0].get("thoughtSignature"):
            call = calls[0]["functionCall"]
            name = call.get("name") if isinstance(call, dict) else ""
            raise bad_request(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                "work correctly, and missing thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{name}` , position {at + 1}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )


def _check_config(body: JsonObject, model: Model) -> None:
    config = body.get("generationConfig")
    if not isinstance(config, dict):
        return
    top = config.get("maxOutputTokens")
    if isinstance(top, int) and top <= 0:
        raise bad_request("max_output_tokens must be positive.")
    temperature = config.get("temperature")
    if isinstance(temperature, int | float) and not 0 <= temperature <= 2:
        raise bad_request(
            "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n"
        )
    count = config.get("candidateCount")
    if isinstance(count, int) and count > 1:
        raise bad_request("Multiple candidates is not enabled for this model")
    _check_thinking(config.get("thinkingConfig"), model)


def _check_thinking(thinking: object, model: Model) -> None:
    if not isinstance(thinking, dict):
        return
    budget, level = thinking.get("thinkingBudget"), thinking.get("thinkingLevel")
    if budget is not None and level is not None:
        raise bad_request("thinking_budget and thinking_level are not supported together.")
    if model.thinking is Thinking.OFF and (budget or level):
        raise bad_request("Thinking is not enabled for this model")
    if level is not None and not model.signatures:
        raise bad_request("Thinking level is not supported for this model.")
    if budget == 0 and model.thinking is Thinking.ALWAYS:
        raise bad_request("Budget 0 is invalid. This model only works in thinking mode.")
    if isinstance(budget, int) and not -1 <= budget <= 32_768:
        raise bad_request(f"The thinking budget ({budget}) is invalid.")
