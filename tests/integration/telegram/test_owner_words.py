"""What an owner reads of trouble: what happened and what to do, in words, in each language."""

from __future__ import annotations

import re

import pytest

from manager_bot.services.outbox import NoticeKind
from manager_bot.telegram.notices import render
from manager_bot.telegram.words import Words
from manager_bot.texts import Texts
from models import Cause, Notification

TEXTS = Texts.load()
TOLD = (
    Cause.CRASHED, Cause.OUT_OF_MEMORY, Cause.BAD_CONFIG, Cause.TOKEN_REVOKED, Cause.POLLED_ELSEWHERE, Cause.DEAF,
    Cause.UNHEALTHY, Cause.START_FAILED,
)  # fmt: skip
JARGON = re.compile(
    r"(?i)exit|code|error|exception|docker|container|process|signal|kill|json|http|config|null|none|_|restart_count"
)
NAMES = {"BotFather"}


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize("gave_up", [False, True], ids=["working", "gave-up"])
@pytest.mark.parametrize("cause", TOLD)
async def test_an_owner_is_told_in_words_what_happened_and_what_to_do(
    language: str, cause: Cause, gave_up: bool
) -> None:
    values = {"trouble": cause.value, "gave_up": gave_up}
    notice = await render(
        Notification(chat_id=1, kind=NoticeKind.OWNER_TROUBLE.value, values=values), Words(TEXTS, language)
    )
    assert notice is not None
    plain = re.sub(r"</?[a-z]+>", "", notice.text)
    assert not re.search(r"[0-9]", plain), "no number: no identifier, no exit code"
    assert not JARGON.search(plain)
    if language == "ru":
        assert set(re.findall(r"[A-Za-z]{2,}", plain)) <= NAMES
    assert len([part for part in plain.split("\n\n") if part.strip()]) >= 3, "a head, what happened, what to do"
    buttons = [key.data.pack() for row in notice.rows for key in row if key.data is not None]
    assert ("ask:start" in buttons) is gave_up
    assert ("go:plans" in buttons) is (cause is Cause.OUT_OF_MEMORY)
