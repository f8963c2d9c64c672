"""Addresses, rates, languages and bars: plain data in, plain data out."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from ipaddress import ip_network

import pytest

from manager_bot.services.status import DayRecord, percent_of
from web.assets import CSP, SCRIPT, STYLE
from web.guard import Rate, RateLimit, client_address
from web.status import bars
from web.words import preferred

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
DAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("9.9.9.9", [], "9.9.9.9"),
        ("9.9.9.9", ["1.1.1.1"], "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1, 10.2.2.2"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("::1", ["::ffff:1.1.1.1"], "1.1.1.1"),
        (None, ["1.1.1.1"], "unknown"),
    ],
)
def test_only_trusted_proxies_say_who_asks(peer: str | None, forwarded: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == expected


def test_a_rate_admits_a_burst_and_then_so_many_a_second() -> None:
    limit = RateLimit(Rate(burst=3, per_second=2))
    assert [limit.wait("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.wait("b", 0.0) == 0
    assert limit.wait("a", 0.5) == 0
    assert limit.wait("a", 0.5) == 0.5


def test_a_rate_forgets_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.guard.REMEMBERED", 10)
    limit = RateLimit(Rate(burst=1, per_second=1))
    for number in range(50):
        limit.wait(str(number), 0.0)
    assert len(limit._buckets) == 10


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("de,ru;q=0.5", "ru"),
        ("en;q=0.2, ru-RU;q=0.9", "ru"),
        ("ru;q=0", "en"),
        ("ru;q=x", "en"),
        ("*", "en"),
        (",;=,," * 200, "en"),
    ],
)
def test_the_language_a_browser_prefers(header: str, expected: str) -> None:
    assert preferred(header, ["en", "ru"]) == expected


def test_only_a_whole_is_a_hundred_percent() -> None:
    assert percent_of([DayRecord(DAY)]) is None
    assert percent_of([DayRecord(DAY, up=10)]) == 100.0
    assert percent_of([DayRecord(DAY, up=1_000_000, down=1)]) == 99.99
    assert percent_of([DayRecord(DAY, up=1, down=3), DayRecord(DAY)]) == 25.0


def test_a_bar_for_each_day_by_its_kind() -> None:
    days = (DayRecord(DAY), DayRecord(DAY, up=1440), DayRecord(DAY, up=1430, down=10), DayRecord(DAY, up=1, down=9))
    assert bars(days) == {
        "none": "M0 0h3v30h-3z",
        "good": "M4 0h3v30h-3z",
        "fair": "M8 0h3v30h-3z",
        "bad": "M12 0h3v30h-3z",
    }


@pytest.mark.parametrize("asset", [STYLE, SCRIPT])
def test_the_policy_names_what_is_inlined(asset: str) -> None:
    digest = base64.b64encode(hashlib.sha256(asset.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in CSP
