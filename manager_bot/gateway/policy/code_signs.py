"""Code pasted or pointed at, whatever the language around it.

Each sign has a plain needle that is looked for first: a substring search costs a hundredth of a pattern, and
most texts have none of them.
"""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = (
    "=>",
    "#include",
    "console.log",
    "&&",
    "||",
    "::",
    "!=",
    "==",
    "#!/",
    "</",
    "();",
    "){",
    ") {",
    "public static",
    "async def",
    "self.",
    "sudo ",
)
_PATTERNS: Final = tuple(
    (needle, re.compile(pattern))
    for needle, pattern in (
        ("def ", r"\bdef \w+\("),
        ("class ", r"\bclass \w+\s*[:({]"),
        ("function", r"\bfunction\s*\w*\s*\("),
        ("import ", r"(?:^|\n)\s*(?:from [\w.]+ )?import [\w.{*]+"),
        (" in ", r"\bfor \w+ in \w+[(:.]"),
        ("(", r"\w\(\)|\w\.\w+\([^)\n]{0,80}\)|\bprintf?\("),
        (";", r";\s*(?:\n|$)"),
        ("{", r"\{\s*\n|\{\s*[\"'\w]+\s*:"),
        (
            "<",
            r"<(?:div|span|html|body|head|p|a|br|img|table|tr|td|ul|li|button|input|form|script|style|template)[ >/]",
        ),
        ("select ", r"\bselect\b[^.?!\n]{1,120}\bfrom\b"),
        ("insert ", r"\binsert into\b"),
        ("update ", r"\bupdate \w+ set\b"),
        ("[", r"\w\[[\w:'\"-]+\]"),
        ("return ", r"(?:^|\n)\s*return\b"),
        ("=", r"(?:^|\n)\s*(?:const|let|var|int|auto|final)? ?[a-z_]\w* ?= ?[\w\"'\[({]"),
        ("--", r"(?:^|\s)--[a-z][\w-]+"),
        ("$", r"(?:^|\n)\s*\$ \w|\$\{?[a-z_]\w+|\$\("),
        ("docker ", r"\bdocker (?:run|build|compose|ps|exec|pull)\b"),
        ("git ", r"\bgit (?:commit|push|pull|merge|rebase|clone|checkout|reset|status|log|stash|branch|add)\b"),
        ("install ", r"\b(?:pip3?|npm|apt(?:-get)?|brew|cargo|yarn) install\b"),
    )
)
_TRACES: Final = (
    "traceback (most",
    "errno",
    "segfault",
    "sigsegv",
    "segmentation fault",
    "core dumped",
    "undefined reference",
    "is not a function",
    "is not defined",
    "command not found",
    "no such file",
    "exit code ",
    "exit status ",
    "exited with code",
    "nullpointer",
    "stack overflow",
    "syntax error",
    "cannot read propert",
)
_TRACE_PATTERNS: Final = (
    ("error", re.compile(r"\b[a-z]{2,}error\b|\berror[: ]+(?:ts|e|c)?\d{2,}|\berr_[a-z]+|\berror:")),
    ("exception", re.compile(r"\b[a-z]{2,}exception\b")),
    (" at ", re.compile(r"\bat [\w.$<>]+\([\w.]*:?\d*\)")),
    ("0x", re.compile(r"\b0x[0-9a-f]{4,}")),
    ("line ", re.compile(r"\bline \d+, in\b")),
)
_FILE: Final = re.compile(
    r"\.(?:py|js|ts|tsx|jsx|java|cpp|hpp|cs|go|rs|rb|php|sh|sql|ya?ml|json|toml|css|html|ini|conf|ipynb|gradle|vue)\b"
)


def code_signs(text: str) -> list[tuple[str, float]]:
    """The signs of code in a lower-case text, each with its weight."""
    found: list[tuple[str, float]] = []
    if "```" in text or "~~~" in text:
        found.append(("fence", 2.0))
    signs = sum([needle in text for needle in _PLAIN])
    signs += sum([pattern.search(text) is not None for needle, pattern in _PATTERNS if needle in text])
    if signs:
        found.append(("syntax", min(3.2, 0.5 + 0.7 * signs)))
    if any(needle in text for needle in _TRACES) or any(
        needle in text and pattern.search(text) for needle, pattern in _TRACE_PATTERNS
    ):
        found.append(("trace", 2.2))
    if "." in text and _FILE.search(text):
        found.append(("file", 1.2))
    return found
