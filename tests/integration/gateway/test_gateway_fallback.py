"""A model that is not to be had: who answers instead, and who hears of it."""

from __future__ import annotations

import pytest
from gateway_house import House, Subscriber, eventually, said
from pydantic import SecretStr

from manager_bot.gateway.app import MODELS
from manager_bot.gateway.gemini import fallback
from manager_bot.gateway.gemini.fallback import Models
from manager_bot.tiers import TierWish
from models import Cause, Incident, Notification, Tier, User

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
DESIGN = "Design a system"


async def _models_asked(house: House) -> list[str]:
    return [str(row["model"]) for row in await house.control.served()]


def _models(house: House) -> Models:
    runner = house.gateway._runner
    assert runner is not None
    return runner.app[MODELS]


async def _unavailable(house: House, tier: Tier, status: int) -> None:
    await house.control.fault("status", status=status, match={"model": house.settings.model_of(tier)}, left=None)


@pytest.mark.parametrize("status", [404, 429, 503])
async def test_the_next_tier_answers_and_one_incident_says_so(house: House, ann: Subscriber, status: int) -> None:
    await _unavailable(house, Tier.PRO, status)
    for number in range(3):
        assert (await ann.generate(said(f"{DESIGN} number {number}"))).status == 200
    usage = (await ann.usage()).tiers_today
    assert (usage[Tier.FLASH].messages, usage[Tier.PRO].tokens) == (3, 0)

    async def told() -> bool:
        return await Notification.filter(kind="incident").count() == 1

    assert await eventually(told)
    incident = await Incident.get()
    assert (incident.cause, incident.closed_at, incident.agent_id) == (Cause.MODEL_UNAVAILABLE, None, None)
    assert house.settings.model_pro in str(incident.log_tail)
    assert str(status) in str(incident.log_tail)


async def test_it_is_over_when_the_model_answers_again(
    house: House, ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fallback.RESTS, 404, 0.0)
    await _unavailable(house, Tier.PRO, 404)
    await ann.generate(said(DESIGN))
    await house.control.clear()
    assert (await ann.generate(said(DESIGN + " again"))).status == 200
    assert (await _models_asked(house))[-1] == house.settings.model_pro

    async def over() -> bool:
        return await Incident.filter(closed_at__isnull=False).count() == 1

    assert await eventually(over)


async def test_a_model_known_to_be_missing_is_not_asked_again_at_once(house: House, ann: Subscriber) -> None:
    await _unavailable(house, Tier.PRO, 404)
    await ann.generate(said(DESIGN))
    before = len(await house.control.requests(100))
    await ann.generate(said(DESIGN + " again"))
    assert len(await house.control.requests(100)) == before + 1


async def test_after_a_restart_the_incident_is_still_closed_by_the_models_return(house: House, ann: Subscriber) -> None:
    await _unavailable(house, Tier.PRO, 404)
    await ann.generate(said(DESIGN))
    await house.parts.closing.wait()
    models = _models(house)
    models._failing.clear()
    models._resting.clear()
    await models.resume()
    await house.control.clear()
    await ann.generate(said(DESIGN + " again"))
    await house.parts.closing.wait()
    assert (await Incident.get()).closed_at is not None


async def test_when_no_model_answers_the_refusal_is_the_agents(house: House, ann: Subscriber) -> None:
    await house.control.fault("status", status=429, left=None)
    assert (await ann.generate(said(DESIGN))).status == 429
    assert len(await _models_asked(house)) == 3


async def test_an_own_keys_lack_alerts_nobody_and_changes_nobody_elses_way(
    house: House, ann: Subscriber, bob: Subscriber
) -> None:
    await house.control.add_key("anns-own-key")
    await User.filter(id=ann.user_id).update(gemini_api_key=house.vault.seal(SecretStr("anns-own-key")))
    await _unavailable(house, Tier.PRO, 404)
    assert (await ann.generate(said(DESIGN))).status == 200
    await house.control.clear()
    await bob.generate(said(DESIGN))
    assert (await _models_asked(house))[-1] == house.settings.model_pro
    assert await Incident.all().count() == 0


async def test_no_thinking_is_not_asked_of_a_model_that_must_think(house: House, ann: Subscriber) -> None:
    config = {"temperature": 0.5, "thinkingConfig": {"thinkingBudget": 0}}
    assert (await ann.generate(said(DESIGN, generationConfig=config))).status == 200
    sent = (await house.control.requests(1))[0]["body"]
    assert sent["generationConfig"] == {"temperature": 0.5, "thinkingConfig": {}}
    await ann.generate(said("Refactor this code", generationConfig=config))
    assert (await house.control.requests(1))[0]["body"]["generationConfig"] == config


@pytest.mark.parametrize(
    ("wish", "words", "tier"),
    [
        (("pro", TierWish.PRO), "What time is it?", Tier.PRO),
        (("free", TierWish.PRO), "What time is it?", Tier.FLASH),
        (("free", TierWish.LITE), DESIGN, Tier.LITE),
        (("free", TierWish.AUTO), DESIGN, Tier.PRO),
        (("pro", TierWish.PRO), "[OpenClaw heartbeat poll]", Tier.LITE),
    ],
)
async def test_a_wished_tier_answers_as_far_as_the_plan_goes(
    house: House, ann: Subscriber, wish: tuple[str, TierWish], words: str, tier: Tier
) -> None:
    await User.filter(id=ann.user_id).update(plan=wish[0], tier_wish=wish[1])
    assert (await ann.generate(said(words))).status == 200
    assert (await _models_asked(house))[-1] == house.settings.model_of(tier)
