"""Sealing, rotation and fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from manager_bot.errors import SettingError
from manager_bot.vault import Vault, new_key

OLD, NEW = SecretStr(new_key()), SecretStr(new_key())


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again_and_is_not_readable(secret: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(SecretStr(secret))
    assert vault.open(sealed).get_secret_value() == secret
    assert len(secret) < 8 or secret not in sealed


def test_a_rotated_vault_opens_old_seals_and_keeps_fingerprints() -> None:
    before, after = Vault([OLD]), Vault([NEW, OLD])
    sealed = before.seal(SecretStr("12345:abc"))
    assert after.open(sealed).get_secret_value() == "12345:abc"
    resealed = after.seal(after.open(sealed))
    assert Vault([NEW]).open(resealed).get_secret_value() == "12345:abc"
    assert after.fingerprint(SecretStr("x")) == before.fingerprint(SecretStr("x"))


def test_fingerprints_differ_by_key_and_by_secret() -> None:
    assert Vault([OLD]).fingerprint(SecretStr("x")) != Vault([NEW]).fingerprint(SecretStr("x"))
    assert Vault([OLD]).fingerprint(SecretStr("x")) != Vault([OLD]).fingerprint(SecretStr("y"))


@pytest.mark.parametrize(
    ("keys", "line"),
    [([], "CLAWBOT_SECRET_KEYS is missing"), ([SecretStr("nonsense")], "CLAWBOT_SECRET_KEYS holds something")],
)
def test_missing_and_wrong_keys_are_one_line_that_names_the_setting(keys: list[SecretStr], line: str) -> None:
    with pytest.raises(SettingError, match=line):
        Vault(keys)


def test_a_foreign_seal_names_the_setting() -> None:
    with pytest.raises(SettingError, match="CLAWBOT_SECRET_KEYS does not hold the key"):
        Vault([NEW]).open(Vault([OLD]).seal(SecretStr("x")))
