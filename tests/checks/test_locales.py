"""The catalogues are complete: every text there is in every language, said with the same placeholders, and used."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from manager_bot import errors
from manager_bot.plans import PlanName
from manager_bot.telegram.callbacks import AdminVerb, AlertVerb
from manager_bot.telegram.commands import ADMINS, EVERYBODY
from manager_bot.telegram.screens.home import STEPS, Condition
from manager_bot.texts import LOCALES, Texts
from manager_bot.tiers import TierWish
from models import Cause, Tier, Trouble

ROOT = LOCALES.parent
LANGUAGES = sorted(path.name for path in LOCALES.iterdir() if path.is_dir())
SILENCES = ("stopped", "suspended", "over_budget", "too_long", "broken")
FAMILIES: dict[str, list[str]] = {
    "plan.{}.name": list(PlanName),
    "plan.{}.about": list(PlanName),
    "state.{}": [state for state in Condition if state is not Condition.TROUBLED],
    "step.{}": list(STEPS),
    "trouble.{}": [*Trouble, Cause.DISK_FULL],
    "cause.{}": list(Cause),
    "usage.tier.{}": list(Tier),
    "model.{}": list(TierWish),
    "command.{}": [*EVERYBODY, *ADMINS],
    "admin.condition.{}": list(Condition),
    "button.admin.{}": [verb for verb in AdminVerb if verb not in {AdminVerb.SHOW, AdminVerb.SUSPEND_SURE}],
    "button.alert.{}": list(AlertVerb),
    "toast.admin.{}": [AdminVerb.START, AdminVerb.STOP, AdminVerb.RESTART],
    "notice.silent.{}": list(SILENCES),
}
"""Keys that are put together: the pattern in the code, and what may stand in it."""

TAGS = re.compile(r"</?([a-z]+)>")
LATIN = re.compile(r"[A-Za-z]{2,}")
NAMES = {"GitHub", "BotFather", "newbot", "token", "AAF", "UTC", "English"}
"""Latin words a Russian text may hold: commands and names as Telegram itself shows them."""


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "clawbot.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def messages(language: str) -> dict[str, Message]:
    return {_id(message): message for message in catalogue(language) if message.id}


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def source_code() -> str:
    """All that may ask for a text: the chat, the web component with its pages, and who puts keys into notifications."""
    folders = (ROOT / "manager_bot", ROOT / "web")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in {".py", ".html", ".j2"}]
    return "\n".join(path.read_text() for path in files if "demo" not in path.parts)


def used_keys() -> set[str]:
    """Keys that stand in the code as they are or are put together there, and keys of errors."""
    code = source_code()
    literal = set(re.findall(r"""["']([a-z_]+(?:\.[a-z_0-9]+)*)["']""", code))
    built = [*re.findall(r"""f["']([a-z_]+\.[a-z_.0-9]*\{[^"'\n]*)["']""", code), *FAMILIES]
    patterns = [re.compile(re.sub(r"\\\{.*?\\\}", "[a-z_0-9.]+", re.escape(one))) for one in built]
    prefixes = tuple(re.findall(r"""["']([a-z_]+\.(?:[a-z_0-9]+\.)*)["']""", code))
    known = {key for key in messages("en") if key.startswith(prefixes) or any(one.fullmatch(key) for one in patterns)}
    return literal | known | {kind.key for kind in _family(errors.ClawBotError)}


def _family(kind: type[errors.ClawBotError]) -> list[type[errors.ClawBotError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _family(child))]


def asked_keys() -> set[str]:
    """Keys the code certainly asks for: a constant handed to the words."""
    code = source_code()
    found = set(re.findall(r"""\bwords(?:\.count)?\(\s*["']([a-z_.0-9]+)["']""", code))
    families = {pattern.format(member) for pattern, members in FAMILIES.items() for member in members}
    return found | families | {kind.key for kind in _family(errors.ClawBotError)}


def test_there_is_english_and_russian() -> None:
    assert {"en", "ru"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_asked_for_exists(language: str) -> None:
    assert asked_keys() - messages(language).keys() == set()


def test_the_search_for_keys_finds_what_it_should() -> None:
    assert {"welcome", "plans.room", "trouble.crashed", "error.token.taken"} <= asked_keys()


def test_every_family_is_asked_for_in_the_code() -> None:
    code = source_code()
    for pattern in FAMILIES:
        asked = re.escape(pattern).replace(r"\{\}", r"\{[^}]+\}")
        assert re.search(asked, code), f"nothing asks for {pattern}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_used(language: str) -> None:
    assert messages(language).keys() - used_keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_texts_with_the_same_placeholders(language: str) -> None:
    reference, mine = messages("en"), messages(language)
    assert mine.keys() == reference.keys()
    for key, message in mine.items():
        wanted = placeholders(forms(reference[key])[-1])
        for form in forms(message):
            assert form.strip(), f"{key} is empty"
            assert placeholders(form) == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_complete(language: str) -> None:
    count = catalogue(language).num_plurals
    rule = Locale.parse(language).plural_form
    assert count == len({rule(number) for number in range(1000)})
    for key, message in messages(language).items():
        if message.pluralizable:
            assert len(forms(message)) == count, key
            assert all(forms(message)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_is_balanced(language: str) -> None:
    for key, message in messages(language).items():
        for form in forms(message):
            for tag in set(TAGS.findall(form)):
                assert tag in {"b", "i", "code", "pre"}, key
                assert form.count(f"<{tag}>") == form.count(f"</{tag}>"), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_toasts_and_errors_fit_over_the_chat(language: str) -> None:
    """Telegram takes 200 characters there."""
    for key, message in messages(language).items():
        if key.startswith(("error.", "toast.")):
            assert all(len(TAGS.sub("", form)) <= 200 for form in forms(message)), key


def test_russian_is_russian() -> None:
    for key, message in messages("ru").items():
        for form in forms(message):
            text = re.sub(r"\{[a-z]+\}|<[^>]+>|/[a-z]+", "", form)
            assert set(LATIN.findall(text)) <= NAMES, key


def test_texts_load_without_compiled_files() -> None:
    assert Texts.load().languages == LANGUAGES
    assert not list(Path(LOCALES).rglob("*.mo"))
