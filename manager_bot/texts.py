"""Every sentence a person reads: gettext catalogues in ``locales/``, by key, per language."""

from __future__ import annotations

import gettext
import html
import io
from collections.abc import Mapping
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent.parent / "locales"
DEFAULT_LANGUAGE = "en"


class Html(str):
    """Text that is Telegram HTML already and is filled in as it stands."""


class Texts:
    """The catalogues; compiled in memory at start, so that no compiled file is kept."""

    def __init__(self, catalogues: Mapping[str, gettext.GNUTranslations]) -> None:
        self._catalogues = catalogues

    @classmethod
    def load(cls, folder: Path = LOCALES) -> Texts:
        """Compile every ``<lang>/LC_MESSAGES/clawbot.po`` below *folder*."""
        catalogues = {}
        for path in sorted(folder.glob("*/LC_MESSAGES/clawbot.po")):
            with path.open("rb") as source:
                catalogue = read_po(source, locale=path.parent.parent.name)
            compiled = io.BytesIO()
            write_mo(compiled, catalogue)
            compiled.seek(0)
            catalogues[path.parent.parent.name] = gettext.GNUTranslations(compiled)
        return cls(catalogues)

    @property
    def languages(self) -> list[str]:
        """The languages there are, sorted."""
        return sorted(self._catalogues)

    def nearest(self, code: str | None) -> str:
        """The language to speak with someone whose Telegram client says *code* (IETF tag, may be missing)."""
        base = (code or "").split("-")[0].lower()
        return base if base in self._catalogues else DEFAULT_LANGUAGE

    def get(self, language: str, key: str, **values: object) -> Html:
        """The text of *key*, filled with *values* (escaped for HTML unless they are :class:`Html`).

        A value called ``n`` picks the plural form where the catalogue has one (its ``msgid_plural`` is the key again).
        Raises :class:`KeyError` for a key no catalogue has: that is a defect, caught by the tests.
        """
        catalogue = self._catalogues[self.nearest(language)]
        number = values.get("n")
        if isinstance(number, int) and (plural := catalogue.ngettext(key, key, number)) != key:
            template = plural
        else:
            template = catalogue.gettext(key)
        if template == key:
            raise KeyError(key)
        filled = {name: value if isinstance(value, Html) else html.escape(str(value)) for name, value in values.items()}
        return Html(template.format_map(filled))
