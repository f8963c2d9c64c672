"""The agent's card: its state in words, and the steps of a start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from manager_bot.plans import plan_of
from manager_bot.services.holds import BudgetState
from manager_bot.services.sizing import Size
from manager_bot.telegram.callbacks import Ask, Go, Goto, Verb
from manager_bot.telegram.figures import bar, percent
from manager_bot.telegram.view import AGENT_CARD, Key, Row, View
from manager_bot.telegram.words import Words, joined
from manager_bot.texts import Html
from models import Agent, ContainerStatus, DesiredState, Rest, Stage, Trouble, User

STEPS: tuple[Stage, ...] = (Stage.PREPARING, Stage.CREATING, Stage.STARTING, Stage.CONNECTING)
"""What the owner sees of a start; ``queued`` is before the first, ``connected`` after the last."""


OWNERS_TURN = frozenset({Trouble.TOKEN_REVOKED, Trouble.POLLED_ELSEWHERE})
"""Troubles that only the owner can end."""


class Condition(StrEnum):
    """An agent's state as a person would name it."""

    RUNNING = "running"
    NEW = "new"
    STARTING = "starting"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DROWSY = "drowsy"
    ASLEEP = "asleep"
    WAKING = "waking"
    TROUBLED = "troubled"
    DELETING = "deleting"
    SUSPENDED = "suspended"


def condition_of(user: User, agent: Agent) -> Condition:
    """What to call the state of *agent*, wish and observation taken together."""
    if agent.desired_state is DesiredState.REMOVED:
        return Condition.DELETING
    if not user.is_active:
        return Condition.SUSPENDED
    if agent.trouble is not None:
        return Condition.TROUBLED
    if agent.desired_state is DesiredState.STOPPED:
        up = agent.container_status in {ContainerStatus.RUNNING, ContainerStatus.PAUSED, ContainerStatus.RESTARTING}
        return Condition.STOPPING if up else Condition.STOPPED
    return _condition_when_wanted(agent)


_RESTS = {
    Rest.DROWSY: Condition.DROWSY,
    Rest.HELD: Condition.DROWSY,
    Rest.ASLEEP: Condition.ASLEEP,
    Rest.WAKING: Condition.WAKING,
}


def _condition_when_wanted(agent: Agent) -> Condition:
    if agent.rest in _RESTS:
        return _RESTS[agent.rest]
    if agent.stage is not Stage.CONNECTED:
        return Condition.STARTING
    if agent.wish > agent.wish_done:
        return Condition.RESTARTING
    return Condition.NEW if agent.last_activity_at is None else Condition.RUNNING


_WITH_USAGE = frozenset({Condition.RUNNING, Condition.STOPPED, Condition.TROUBLED, *_RESTS.values()})


def agent_card(
    words: Words, user: User, agent: Agent, budget: BudgetState, *, size: Size | None, now: datetime
) -> View:
    """The card of a user who has an agent."""
    condition = condition_of(user, agent)
    parts = [
        words("home.title", name=agent.bot_name, bot=agent.bot_username),
        _state(words, agent, condition, now),
        _plan(words, user, size) if condition not in {Condition.DELETING, Condition.STARTING} else "",
        today(words, budget) if condition in _WITH_USAGE else "",
    ]
    return View(AGENT_CARD, joined(*parts, gap="\n\n"), tuple(_keys(words, agent, condition)), agent.revision)


def _plan(words: Words, user: User, size: Size | None) -> Html:
    """The plan, and what it comes to where the host cannot give it its own memory."""
    plan = plan_of(str(user.plan))
    own = words.memory(plan.memory_mb)
    name = words(f"plan.{plan.name}.name")
    if size is None or not size.raised:
        return words("home.plan", plan=name, memory=own)
    return joined(words("home.plan", plan=name, memory=words.memory(size.memory_mb)), words("home.raised", memory=own))


def today(words: Words, budget: BudgetState) -> Html:
    """Today's bar."""
    return words(
        "home.today",
        bar=bar(budget.used, budget.limit),
        percent=percent(budget.used, budget.limit),
        used=words.number(budget.used),
        limit=words.number(budget.limit),
    )


def steps(words: Words, stage: Stage) -> Html:
    """The steps of a start: done, under way, to come."""
    stages = list(Stage)
    lines = []
    for step in STEPS:
        mark = "✅" if stages.index(step) < stages.index(stage) else "⏳" if step is _current(stage) else "▫️"
        lines.append(f"{mark} {words(f'step.{step.value}')}")
    return joined(*lines)


def _current(stage: Stage) -> Stage:
    return Stage.PREPARING if stage is Stage.QUEUED else stage


def _state(words: Words, agent: Agent, condition: Condition, now: datetime) -> Html:
    if condition is Condition.STARTING:
        return joined(words("state.starting"), steps(words, agent.stage), gap="\n\n")
    if condition is Condition.TROUBLED:
        return _trouble(words, agent, now)
    return words(f"state.{condition.value}", bot=agent.bot_username)


def _trouble(words: Words, agent: Agent, now: datetime) -> Html:
    """What is wrong and what happens next: that is what somebody whose agent is silent wants to know."""
    cause = words(f"trouble.{agent.trouble}")
    if agent.desired_state is DesiredState.STOPPED:
        follow = words("trouble.next.stopped")
    elif agent.next_attempt_at is not None and agent.next_attempt_at > now:
        follow = words("trouble.next.at", time=words.clock(agent.next_attempt_at))
    else:
        follow = Html("") if agent.trouble in OWNERS_TURN else words("trouble.next.now")
    return joined(cause, follow)


def _keys(words: Words, agent: Agent, condition: Condition) -> Sequence[Row]:
    if condition in {Condition.DELETING, Condition.SUSPENDED}:
        return []
    talk = Key(words("button.open_bot", bot=agent.bot_username), url=f"https://t.me/{agent.bot_username}")
    start = Key(words("button.start"), Ask(verb=Verb.START))
    stop = Key(words("button.stop"), Ask(verb=Verb.STOP))
    restart = Key(words("button.restart"), Ask(verb=Verb.RESTART))
    wake = Key(words("button.wake"), Ask(verb=Verb.WAKE))
    sleep = Key(words("button.sleep"), Ask(verb=Verb.SLEEP))
    usage = Key(words("button.usage"), Go(to=Goto.USAGE))
    logs = Key(words("button.logs"), Go(to=Goto.LOGS))
    delete = Key(words("button.delete"), Go(to=Goto.DELETE))
    plan = Key(words("button.plan"), Go(to=Goto.PLANS))
    language = Key(words("button.language"), Go(to=Goto.LANGUAGE))
    if condition in {Condition.STOPPED, Condition.STOPPING}:
        return [[start], [usage, logs], [plan, language], [delete]]
    if condition is Condition.STARTING:
        return [[stop, logs]]
    if condition is Condition.TROUBLED:
        first = start if agent.desired_state is DesiredState.STOPPED else restart
        return [[first, stop] if first is restart else [first], [usage, logs], [plan, language], [delete]]
    rest = wake if condition in {Condition.ASLEEP, Condition.DROWSY} else sleep
    return [[talk], [rest, restart, stop], [usage, logs], [plan, language], [delete]]
