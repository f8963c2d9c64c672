"""The small parts of the chat that are plain functions of plain data."""

from __future__ import annotations

import asyncio

import pytest
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import GetMe
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from manager_bot.errors import SettingError
from manager_bot.services.outbox import NoticeKind
from manager_bot.telegram import callbacks, notices
from manager_bot.telegram.api import brief, has_token
from manager_bot.telegram.callbacks import AdminAlert, AdminUser, AdminVerb, AlertVerb
from manager_bot.telegram.figures import bar, percent, table
from manager_bot.telegram.manager import open_manager
from manager_bot.telegram.onboarding import find_token
from manager_bot.telegram.screens.home import Condition, condition_of
from manager_bot.telegram.waiting import end, rest
from models import Agent, ContainerStatus, DesiredState, Stage, Trouble, User

TOKEN = "7100000001:AAF-abcdefghijklmnopqrstuvwxyz01234"


def agent(**change: object) -> Agent:
    running = {"stage": Stage.CONNECTED, "container_status": ContainerStatus.RUNNING, "wish": 1, "wish_done": 1}
    return Agent(user_id=1, bot_id=1, **{**running, **change})


@pytest.mark.parametrize(
    ("made", "condition"),
    [
        (agent(), Condition.NEW),
        (agent(wish=2), Condition.RESTARTING),
        (agent(stage=Stage.QUEUED), Condition.STARTING),
        (agent(stage=Stage.CONNECTING, wish=2), Condition.STARTING),
        (agent(trouble=Trouble.CRASHED), Condition.TROUBLED),
        (agent(desired_state=DesiredState.STOPPED), Condition.STOPPING),
        (agent(desired_state=DesiredState.STOPPED, container_status=ContainerStatus.EXITED), Condition.STOPPED),
        (agent(desired_state=DesiredState.STOPPED, container_status=ContainerStatus.MISSING), Condition.STOPPED),
        (agent(desired_state=DesiredState.STOPPED, trouble=Trouble.GAVE_UP), Condition.TROUBLED),
        (agent(desired_state=DesiredState.REMOVED, trouble=Trouble.CRASHED), Condition.DELETING),
    ],
)
def test_an_agents_condition(made: Agent, condition: Condition) -> None:
    assert condition_of(User(is_active=True), made) is condition


def test_suspension_is_said_before_anything_but_a_deletion() -> None:
    gone = agent(desired_state=DesiredState.REMOVED)
    assert condition_of(User(is_active=False), agent(trouble=Trouble.CRASHED)) is Condition.SUSPENDED
    assert condition_of(User(is_active=False), gone) is Condition.DELETING


@given(part=st.integers(0, 10**9), whole=st.integers(0, 10**9))
def test_a_bar_is_ten_squares_and_full_only_when_all_is_used(part: int, whole: int) -> None:
    drawn = bar(part, whole)
    assert len(drawn) == 10
    assert ("▱" not in drawn) == (whole == 0 or part >= whole)
    assert percent(part, whole) >= 100 or part < whole


def test_a_table_is_aligned() -> None:
    assert table([["", "Today"], ["Tokens", "12,345"], ["x", "1"]]) == (
        "<pre>         Today\nTokens  12,345\nx            1</pre>"
    )


@pytest.mark.parametrize("text", [TOKEN, f"here: {TOKEN}.", f"{TOKEN}\n{TOKEN}", f"Use {TOKEN[:-6]} now", f"({TOKEN})"])
def test_what_holds_a_token(text: str) -> None:
    assert has_token(text)


@pytest.mark.parametrize("text", ["", "hello", "12:30", "at 12345:67", "https://t.me/clawbot", "١٢٣٤٥:" + "A" * 35])
def test_what_holds_none(text: str) -> None:
    assert not has_token(text)


def test_one_token_is_found_and_two_are_not_guessed_between() -> None:
    other = TOKEN.replace("71", "72", 1)
    assert find_token(f"Done!\n{TOKEN}\nKeep it") == TOKEN
    assert find_token(f"{TOKEN} {TOKEN}") == TOKEN
    assert find_token(f"{TOKEN} {other}") == f"{TOKEN} {other}"
    assert find_token(TOKEN + "x") == TOKEN + "x"


def test_errors_are_told_without_tokens_and_pages() -> None:
    network = TelegramNetworkError(GetMe(), f"Cannot connect to https://api.telegram.org/bot{TOKEN}/getMe")
    page = ClientDecodeError("Failed", ValueError("x"), f"<html>{TOKEN}</html>")
    assert TOKEN not in brief(network)
    assert TOKEN[11:] not in brief(network)
    assert brief(page) == "ClientDecodeError: an answer that is no JSON"


async def test_a_token_that_is_none_is_one_line() -> None:
    with pytest.raises(SettingError, match="CLAWBOT_BOT_TOKEN"):
        open_manager(SecretStr("not a token"), "http://127.0.0.1:1")


def test_every_button_fits_into_64_bytes() -> None:
    longest = 2**63
    worst = [AdminUser(verb=verb, user_id=longest) for verb in AdminVerb]
    worst_alerts = [AdminAlert(verb=verb, incident_id=longest) for verb in AlertVerb]
    assert all(len(data.pack().encode()) <= 64 for data in (*worst, *worst_alerts))


def test_every_admin_button_is_known_by_its_prefix_and_no_other_is() -> None:
    kinds = [kind for kind in vars(callbacks).values() if isinstance(kind, type) and hasattr(kind, "__prefix__")]
    for kind in kinds:
        assert kind.__prefix__.startswith(callbacks.ADMIN_PREFIX) == kind.__name__.startswith("Admin"), kind


def test_every_kind_of_notification_has_words() -> None:
    assert notices._RENDERERS.keys() == set(NoticeKind)


async def test_a_cancellation_that_meets_the_wake_up_is_not_lost() -> None:
    event = asyncio.Event()

    async def loop() -> None:
        while True:
            await rest(event, 60)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    event.set()
    task.cancel()
    await asyncio.wait_for(end([task]), 1)
    assert task.cancelled()
