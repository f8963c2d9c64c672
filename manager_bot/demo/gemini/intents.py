"""What a person wants and in which language, from a few telling words of English, Russian, Spanish, Chinese."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """What the person wants, most telling first."""

    SUMMARY = "summary"
    TIME = "time"
    RECALL = "recall"
    NOTED = "noted"
    CODE = "code"
    DESIGN = "design"
    WHO = "who"
    THANKS = "thanks"
    HELLO = "hello"


_WORDS: Final[dict[Intent, tuple[str, str, str, str]]] = {
    Intent.SUMMARY: (
        r"\bsummar(?:y|ise|ize)|\bcompact (?:the|this|our)",
        r"\bкратк\w+ (?:изло|содерж)|\bрезюм",
        r"\bresum(?:e|en|ir)\b",
        r"摘要|总结",
    ),
    Intent.TIME: (
        r"\bwhat(?:'s|’s| is)? (?:the )?(?:time|date)|\bwhat day|\btime is it",
        r"котор\w+ час|сколько (?:сейчас )?врем|какое сегодня",
        r"\bqu[eé] (?:hora|d[ií]a)",
        r"几点|什么时间|今天.*(?:日期|几号)",
    ),
    Intent.RECALL: (
        r"\bwhat(?:'s|’s| is| was) my\b|\bdo you remember\b|\bwhat did i (?:say|tell)",
        r"\bкак меня зовут|\bчто я (?:говорил|сказал)|\bпомнишь",
        r"\bc[oó]mo me llamo|\brecuerdas",
        r"我叫什么|还记得|我的.*是什么",
    ),
    Intent.NOTED: (
        r"\bmy \w+(?: \w+)? is\b|\bremember\b",
        r"\bменя зовут|\bзапомни",
        r"\bme llamo\b|\brecuerda\b",
        r"我叫|记住",
    ),
    Intent.CODE: (
        r"```|\bfunction|\brefactor|\bpython|\bjavascript|\b(?:code|script|sql)\b|\bregex|\bdef \w+\(",
        r"\bфункци|\bкода?\b|скрипт",
        r"\bc[oó]digo|\bfunci[oó]n\b",
        r"代码|函数|脚本",
    ),
    Intent.DESIGN: (
        r"\bdesign\b|\barchitect|\bstrategy",
        r"\bспроектир|\bархитектур",
        r"\bdise[nñ]|\barquitectura",
        r"设计|架构",
    ),
    Intent.WHO: (
        r"\bwho are you|\bwhat (?:are|can) you",
        r"\bкто ты|\bчто ты умеешь",
        r"\bqui[eé]n eres|\bqu[eé] puedes",
        r"你是谁|你能做什么",
    ),
    Intent.THANKS: (r"\bthank|\bthx\b", r"\bспасибо", r"\bgracias\b", r"谢谢|感谢"),
    Intent.HELLO: (
        r"\b(?:hi|hello|hey|good (?:morning|evening|day))\b",
        r"\bпривет|\bздравствуй|\bдобр\w+ (?:день|утро|вечер)",
        r"\bhola\b|\bbuen[oa]s\b",
        r"你好|您好",
    ),
}
_PATTERNS: Final = {intent: re.compile("|".join(words), re.IGNORECASE) for intent, words in _WORDS.items()}
_SPANISH: Final = re.compile(
    r"[¿¡ñ]|\b(?:qu[eé]|hola|gracias|c[oó]mo|por|favor|una?|los?|las?|es|est[aá]s?|puedes|hora|mi|el|del?"
    r"|escribe|lee)\b",
    re.IGNORECASE,
)


def language_of(text: str) -> str:
    """`en`, `ru`, `es` or `zh`, by script first and telling words second."""
    if re.search(r"[\u3400-\u9fff]", text):
        return "zh"
    if re.search(r"[\u0400-\u04ff]", text):
        return "ru"
    hits = len(_SPANISH.findall(text))
    return "es" if hits and (re.search(r"[¿¡ñáéíóú]", text) or hits * 3 >= len(text.split())) else "en"


def wants(intent: Intent, text: str) -> bool:
    """Whether the text has one of the intent's words."""
    return _PATTERNS[intent].search(text) is not None


def intent_of(text: str) -> Intent | None:
    """The first intent whose words occur."""
    return next((intent for intent in Intent if wants(intent, text)), None)
