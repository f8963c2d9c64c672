"""The request messages of the Gemini REST surface, as far as agents and the gateway use them.

Google parses bodies as proto3 JSON: camel or snake case, unknown names refused, every violation
reported at once with its path in snake case. `check` does the same from the tables below.

Types: a scalar name, a message name, `[T]` repeated, `{T}` a map, `any` for Struct and Value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from manager_bot.demo.gemini.errors import Json, JsonObject, Violation

MESSAGES: Final[dict[str, dict[str, str]]] = {
    "GenerateContentRequest": {
        "model": "string", "contents": "[Content]", "tools": "[Tool]", "toolConfig": "ToolConfig",
        "safetySettings": "[SafetySetting]", "systemInstruction": "Content", "generationConfig": "GenerationConfig",
        "cachedContent": "string", "serviceTier": "string", "store": "bool",
    },
    "CountTokensRequest": {
        "model": "string", "contents": "[Content]", "generateContentRequest": "GenerateContentRequest",
    },
    "EmbedContentRequest": {
        "model": "string", "content": "Content", "taskType": "string", "title": "string",
        "outputDimensionality": "int",
    },
    "BatchEmbedContentsRequest": {"requests": "[EmbedContentRequest]"},
    "Content": {"role": "string", "parts": "[Part]"},
    "Part": {
        "text": "string", "inlineData": "Blob", "functionCall": "FunctionCall", "functionResponse": "FunctionResponse",
        "fileData": "FileData", "executableCode": "ExecutableCode", "codeExecutionResult": "CodeExecutionResult",
        "thought": "bool", "thoughtSignature": "bytes", "videoMetadata": "any", "partMetadata": "any",
        "mediaResolution": "any",
    },
    "Blob": {"mimeType": "string", "data": "bytes"},
    "FileData": {"mimeType": "string", "fileUri": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "any"},
    "FunctionResponse": {
        "id": "string", "name": "string", "response": "any", "parts": "any", "willContinue": "bool",
        "scheduling": "string",
    },
    "ExecutableCode": {"language": "string", "code": "string"},
    "CodeExecutionResult": {"outcome": "string", "output": "string"},
    "Tool": {
        "functionDeclarations": "[FunctionDeclaration]", "googleSearch": "any", "googleSearchRetrieval": "any",
        "codeExecution": "any", "urlContext": "any", "googleMaps": "any", "computerUse": "any", "fileSearch": "any",
    },
    "FunctionDeclaration": {
        "name": "string", "description": "string", "parameters": "Schema", "parametersJsonSchema": "any",
        "response": "Schema", "responseJsonSchema": "any", "behavior": "string",
    },
    "Schema": {
        "type": "string", "format": "string", "title": "string", "description": "string", "nullable": "bool",
        "enum": "[string]", "maxItems": "int", "minItems": "int", "properties": "{Schema}", "required": "[string]",
        "minProperties": "int", "maxProperties": "int", "minLength": "int", "maxLength": "int", "pattern": "string",
        "example": "any", "anyOf": "[Schema]", "propertyOrdering": "[string]", "default": "any", "items": "Schema",
        "minimum": "number", "maximum": "number",
    },
    "ToolConfig": {
        "functionCallingConfig": "FunctionCallingConfig", "retrievalConfig": "any",
        "includeServerSideToolInvocations": "bool",
    },
    "FunctionCallingConfig": {"mode": "string", "allowedFunctionNames": "[string]"},
    "SafetySetting": {"category": "string", "threshold": "string"},
    "ThinkingConfig": {"includeThoughts": "bool", "thinkingBudget": "int", "thinkingLevel": "string"},
    "GenerationConfig": {
        "stopSequences": "[string]", "responseMimeType": "string", "responseSchema": "Schema",
        "responseJsonSchema": "any", "responseModalities": "[string]", "candidateCount": "int",
        "maxOutputTokens": "int", "temperature": "number", "topP": "number", "topK": "int", "seed": "int",
        "presencePenalty": "number", "frequencyPenalty": "number", "responseLogprobs": "bool", "logprobs": "int",
        "enableEnhancedCivicAnswers": "bool", "speechConfig": "any", "thinkingConfig": "ThinkingConfig",
        "imageConfig": "any", "mediaResolution": "string",
    },
}  # fmt: skip

PART_DATA: Final = (
    "text", "inlineData", "functionCall", "functionResponse", "fileData", "executableCode", "codeExecutionResult",
)  # fmt: skip

_PROTO_TYPE: Final = {
    "string": "TYPE_STRING", "bytes": "TYPE_BYTES", "bool": "TYPE_BOOL", "int": "TYPE_INT32", "number": "TYPE_FLOAT",
}  # fmt: skip
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


@cache
def snake(name: str) -> str:
    """`systemInstruction` → `system_instruction`, as Google prints paths."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found.group(1).lower(), name)


@cache
def camel(name: str) -> str:
    """`system_instruction` → `systemInstruction`; Google takes both."""
    head, *rest = name.split("_")
    return head + "".join(piece.capitalize() for piece in rest)


def check(message: str, body: JsonObject) -> tuple[JsonObject, list[Violation]]:
    """The body with every name in camel case, and what is wrong with it."""
    violations: list[Violation] = []
    return _message(message, body, "", violations), violations


def _message(name: str, value: JsonObject, path: str, violations: list[Violation]) -> JsonObject:
    fields = MESSAGES[name]
    clean: JsonObject = {}
    for given, inner in value.items():
        known = given if given in fields else camel(given)
        if known not in fields:
            where = f" at '{path}'" if path else ""
            text = f'Invalid JSON payload received. Unknown name "{given}"{where}: Cannot find field.'
            violations.append(Violation(path, text))
        elif inner is not None:
            clean[known] = _value(fields[known], inner, f"{path}.{snake(known)}".lstrip("."), violations)
    if name == "Part":
        _one_of(clean, path, violations)
    return clean


def _one_of(part: JsonObject, path: str, violations: list[Violation]) -> None:
    present = [key for key in PART_DATA if key in part]
    for extra in present[1:]:
        text = f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. Cannot set '{camel(extra)}'"
        violations.append(Violation(path, text))


def _value(kind: str, value: Json, path: str, violations: list[Violation]) -> Json:
    if kind == "any":
        return value
    if kind.startswith("["):
        items = value if isinstance(value, list) else [value]
        return [_value(kind[1:-1], item, f"{path}[{at}]", violations) for at, item in enumerate(items)]
    if kind.startswith("{"):
        return _map(kind[1:-1], value, path, violations)
    if kind in MESSAGES:
        if isinstance(value, dict):
            return _message(kind, value, path, violations)
        found = "list" if isinstance(value, list) else None
        text = f"Invalid value at '{path}' (type.googleapis.com/google.ai.generativelanguage.v1beta.{kind})"
        violations.append(Violation(path, _not_repeating(path) if found else f"{text}, {_shown(value)}"))
        return {}
    return _scalar(kind, value, path, violations)


def _map(kind: str, value: Json, path: str, violations: list[Violation]) -> Json:
    if not isinstance(value, dict):
        violations.append(Violation(path, f"Invalid value at '{path}' (Map), {_shown(value)}"))
        return {}
    return {
        key: _value(kind, inner, f"{path}[{at}].value", violations) for at, (key, inner) in enumerate(value.items())
    }


def _scalar(kind: str, value: Json, path: str, violations: list[Violation]) -> Json:
    if isinstance(value, list):
        violations.append(Violation(path, _not_repeating(path)))
    elif not _FITS[kind](value):
        shown = "Starting an object on a scalar field" if isinstance(value, dict) else _shown(value)
        suffix = "; Base64 decoding failed for " + _shown(value) if kind == "bytes" and isinstance(value, str) else ""
        text = f"Invalid value at '{path}' ({_PROTO_TYPE[kind]})" + (suffix or f", {shown}")
        violations.append(Violation(path, text))
    elif kind == "int" and isinstance(value, str):
        return int(value)
    return value


def _not_repeating(path: str) -> str:
    name = path.rsplit(".", 1)[-1]
    start = f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}'"
    return f"{start}: Proto field is not repeating, cannot start list."


def _shown(value: Json) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_int(value: Json) -> bool:
    if isinstance(value, str):
        return value.lstrip("-").isascii() and value.lstrip("-").isdigit()
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


_FITS: Final[dict[str, Callable[[Json], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, str) and _BASE64.fullmatch(value) is not None,
    "bool": lambda value: isinstance(value, bool),
    "int": _is_int,
    "number": _is_number,
}
