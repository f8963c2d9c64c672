"""When the emulated Gemini reaches for a tool: a plain request to read, write or fetch.

It calls only what the request declares, with the argument names of the declaration, so that a real
OpenClaw really runs its tool.
"""

from __future__ import annotations

import re
from typing import Final

from manager_bot.demo.gemini.errors import JsonObject
from manager_bot.demo.gemini.script import Call

_URL: Final = re.compile(r"https?://[^\s<>\"'，。)]+")
_FILE: Final = re.compile(r"[`\"'«“]?((?:[\w.~-]*/)*[\w-][\w.-]*\.[A-Za-z]\w{0,5})(?![\w/])[`\"'»”]?")
_READ: Final = re.compile(
    r"\b(?:read|open|show|cat|print)\b|прочит|прочти|открой|покажи|\b(?:lee|leer|abre|muestra)\b|读|打开|显示",
    re.IGNORECASE,
)
_WRITE: Final = re.compile(
    r"\b(?:write|save|create|put)\b|запиши|сохрани|создай|\b(?:escrib\w+|guarda\w*|crea)\b|写|保存|创建", re.IGNORECASE
)
_FETCH: Final = re.compile(
    r"\b(?:fetch|get|open|read|visit|summari[sz]e|load)\b|скачай|открой|прочитай|загрузи|\b(?:abre|lee|visita|descarga)\b|打开|访问|读取|抓取",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"[\"“«「](.+?)[\"”»」]", re.DOTALL)
_AFTER_COLON: Final = re.compile(r"[:：]\s*(.+)", re.DOTALL)
_CONTENT: Final = re.compile(
    r"(?:\b(?:write|save|put)\b|запиши|сохрани|\b(?:escribe|guarda)\b)\s+(.+?)\s+(?:in|into|to|в|во|en|a)\s+(?:(?:the|a|файл|el|un)\s+)*"
    r"(?:file\s+|archivo\s+)?$", re.IGNORECASE | re.DOTALL,
)  # fmt: skip


def declared(body: JsonObject) -> dict[str, JsonObject]:
    """The declared functions with the properties of their arguments."""
    found: dict[str, JsonObject] = {}
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        functions = tool.get("functionDeclarations") if isinstance(tool, dict) else None
        for one in functions if isinstance(functions, list) else []:
            if isinstance(one, dict):
                schema = one.get("parametersJsonSchema") or one.get("parameters")
                properties = schema.get("properties") if isinstance(schema, dict) else None
                found[str(one.get("name"))] = properties if isinstance(properties, dict) else {}
    return found


def calling_mode(body: JsonObject) -> str:
    """`AUTO`, `ANY` or `NONE`."""
    config = body.get("toolConfig")
    calling = config.get("functionCallingConfig") if isinstance(config, dict) else None
    return str(calling.get("mode", "AUTO")) if isinstance(calling, dict) else "AUTO"


def tool_call(body: JsonObject, words: str) -> Call | None:
    """The call a request asks for, if it declares the tool and permits calling."""
    tools, mode = declared(body), calling_mode(body)
    if not tools or mode == "NONE":
        return None
    wanted = _wanted(words, tools)
    if wanted is None and mode == "ANY":
        return Call(next(iter(tools)))
    return wanted


def _wanted(words: str, tools: dict[str, JsonObject]) -> Call | None:
    url = _URL.search(words)
    if url is not None:
        fetch = "web_fetch" in tools and (_FETCH.search(words) or url.group() == words.strip())
        return Call("web_fetch", {_named(tools["web_fetch"], "url"): url.group()}) if fetch else None
    file = _FILE.search(words)
    if file is None:
        return None
    path = file.group(1)
    if "write" in tools and _WRITE.search(words):
        properties = tools["write"]
        content = _content(words, path, file.start(), file.end())
        return Call("write", {_named(properties, "path", "file_path"): path, _named(properties, "content"): content})
    if "read" in tools and _READ.search(words):
        return Call("read", {_named(tools["read"], "path", "file_path"): path})
    return None


def _named(properties: JsonObject, *names: str) -> str:
    return next((name for name in names if name in properties), names[0])


def _content(words: str, path: str, start: int, end: int) -> str:
    """What is to be written: quoted, after a colon, or between the verb and the file's name."""
    quoted = [found for found in _QUOTED.findall(words) if found.strip() != path]
    if quoted:
        return str(quoted[0])
    for pattern, text in ((_AFTER_COLON, words[end:]), (_CONTENT, words[:start])):
        found = pattern.search(text)
        if found is not None:
            return found.group(1).strip()
    return words
