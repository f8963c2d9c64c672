"""Secrets at rest: sealed with rotating keys, looked up by a keyed fingerprint."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from manager_bot.errors import SettingError


class Vault:
    """Seals secrets for the database.

    Keys are Fernet keys, newest first: the first one seals, all of them open. Fingerprints are keyed by the
    *oldest* key, which is why rotation appends in front and retires keys only after every row was re-fingerprinted.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Raises :class:`SettingError` when there is no key or one is not a Fernet key."""
        if not keys:
            raise SettingError("CLAWBOT_SECRET_KEYS is missing: put the output of `clawbot secret-key` there")
        try:
            self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        except ValueError:
            raise SettingError(
                "CLAWBOT_SECRET_KEYS holds something that is not a key: each is made by `clawbot secret-key`"
            ) from None
        self._fingerprint_key = hashlib.sha256(b"fingerprint" + keys[-1].get_secret_value().encode()).digest()

    def seal(self, secret: SecretStr) -> str:
        """Encrypt *secret* with the newest key."""
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def open(self, sealed: str) -> SecretStr:
        """Decrypt; raises :class:`SettingError` if no configured key fits."""
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise SettingError(
                "CLAWBOT_SECRET_KEYS does not hold the key this database was sealed with: put the old key back"
            ) from None

    def fingerprint(self, secret: SecretStr) -> str:
        """A keyed digest (64 hex digits) by which a secret can be found but not guessed."""
        return hmac.new(self._fingerprint_key, secret.get_secret_value().encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    """A fresh Fernet key."""
    return Fernet.generate_key().decode()
