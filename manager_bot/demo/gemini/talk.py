"""What the emulated Gemini says without a script: enough for a pleasant demo in four languages."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from manager_bot.demo.gemini.errors import JsonObject
from manager_bot.demo.gemini.intents import Intent, intent_of, language_of, wants
from manager_bot.demo.gemini.phrases import PHRASES, SNIPPETS
from manager_bot.demo.gemini.script import Answer
from manager_bot.demo.gemini.tooluse import tool_call
from manager_bot.demo.gemini.words import ToolResult, last_words, pending_results, person_turns, text_of

_SHOWN: Final = 700
"""Characters of a tool result or of an echo that an answer repeats."""


def reply_to(body: JsonObject, now: datetime | None = None) -> Answer:
    """The answer to a request that no script is for."""
    words = last_words(body)
    language = language_of(words)
    if results := pending_results(body):
        return Answer(text=_after_tools(results, language))
    call = tool_call(body, words)
    if call is not None:
        return Answer(calls=(call,))
    return Answer(text=_say(body, words, language, now or datetime.now(UTC)))


def _say(body: JsonObject, words: str, language: str, now: datetime) -> str:
    say = PHRASES[language]
    intent = intent_of(words)
    fact = _recall(body, words) if intent is Intent.RECALL else ""
    value = _arithmetic(words) if intent is None else None
    if intent is Intent.SUMMARY or (intent is None and _told_to_summarise(body)):
        return _summary(body)
    if intent is Intent.CODE:
        wants_js = re.search(r"javascript|\bjs\b", words, re.IGNORECASE)
        return say["code"] + "\n\n" + SNIPPETS["js" if wants_js else "python"]
    key = "sum" if value else intent.value if intent is not None else "echo" if words else "hello"
    key = "echo" if key == "recall" and not fact else key
    return say[key].format(
        time=now.strftime("%H:%M UTC"), date=now.strftime("%Y-%m-%d"), fact=fact, value=value, words=words[:_SHOWN]
    )


def _told_to_summarise(body: JsonObject) -> bool:
    """A short system instruction that asks for a summary: the gateway's compaction, not an agent's prompt."""
    system = body.get("systemInstruction")
    return isinstance(system, dict) and len(text_of(system)) < 2000 and wants(Intent.SUMMARY, text_of(system))


def _after_tools(results: list[ToolResult], language: str) -> str:
    say = PHRASES[language]
    lines = []
    for result in results:
        failed = re.search(r"\berror\b|enoent|no such file", result.text[:300], re.IGNORECASE) is not None
        kind = "tool_failed" if failed else "wrote" if result.name == "write" else "tool_result"
        text = result.text.strip()
        text = text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + " …"
        lines.append(say[kind].format(tool=result.name, text=text))
    return "\n\n".join(lines)


_FILLER: Final = frozenset(
    re.findall(r"\w+", "what is was my do you remember did say tell me about the an of to and your are")
)


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W_]{2,}", text)} - _FILLER


def _recall(body: JsonObject, question: str) -> str:
    """The line said earlier that shares most words with the question; the newest among equals."""
    wanted = _content_words(question)
    best, score = "", 0
    for turn in person_turns(body)[:-1]:
        for line in turn.splitlines():
            shared = len(wanted & _content_words(line))
            if shared and shared >= score and not line.rstrip().endswith(("?", "？")):
                best, score = line.strip(), shared
    return best[:_SHOWN]


def _summary(body: JsonObject) -> str:
    """Facts first: lines with names or numbers, each shortened, in their order."""
    lines = [line.strip() for turn in person_turns(body) for line in turn.splitlines() if len(line.strip()) > 3]
    telling = [line for line in lines if re.search(r"\d|\b[A-ZА-Я][\w-]+", line)] or lines
    return "Summary of the conversation so far:\n" + "\n".join(f"- {line[:160]}" for line in telling[:40])


_OPERATORS: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def _arithmetic(words: str) -> str | None:
    """The value of the one sum in a question such as "2 + 2?"."""
    found = re.search(r"\d+(?:\.\d+)?(?:\s*[-+*/×]\s*\d+(?:\.\d+)?){1,6}", words)
    if found is None:
        return None
    try:
        value = _value(ast.parse(found.group().replace("×", "*"), mode="eval").body)
    except (ZeroDivisionError, ValueError, SyntaxError):
        return None
    return f"{found.group()} = {value:g}"


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    raise ValueError("not a sum")
