"""Lines that speak of trouble are told from the rest, whatever the words, and the quick look never misses one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.gateway.policy.salience import trouble_of, weigh

TROUBLE = [
    "ERROR could not connect", "FATAL: role missing", "CRITICAL disk", "kernel panic: sync", "PANIC now", "SEVERE: x",
    "EMERG all", "ALERT one", "Traceback (most recent call last):",
    "ValueError: x", "java.lang.NullPointerException",
    "Segmentation fault", "core dumped", "OOM here", "out of memory", "process killed", "ОШИБКА: нет", "错误：没有",
    "异常", "致命", "errors: 3", "fatal", "it failed", "failing", "access denied", "connection refused",
    "403 forbidden",
    "unauthorized", "unauthorised", "aborted", "cannot open", "can't open", "unable to open", "invalid key",
    "timed out", "timeout", "time out", "not found", "undefined name", "host unreachable", "rejected", "corrupted",
    "warning: old", "deprecated", "falló", "fallo", "excepción", "была ошибка", "исключение", "сбой", "не удалось",
    "отказано", "失败", "无法", "拒绝", "超时", "警告",
]  # fmt: skip
CALM = ["0 errors", "no errors found", "errors: 0", '"error": null', "all is well", "строка", "一切正常"]
FILLER = [f"step {n} in order" for n in range(40)]


@pytest.mark.parametrize("line", TROUBLE)
def test_trouble_is_seen_among_calm_lines(line: str) -> None:
    assert weigh([*FILLER, line, *FILLER])[40].is_error


@pytest.mark.parametrize("line", CALM)
def test_calm_is_not_trouble(line: str) -> None:
    assert not weigh([*FILLER, line, *FILLER])[40].is_error


def test_the_first_of_many_equal_errors_counts_most() -> None:
    weights = weigh([f"ERROR code {n}" for n in range(10)])

    assert weights[0].score > weights[9].score
    assert weights[9].is_error


def test_an_identifier_unlike_its_neighbours_stands_out() -> None:
    lines = [f"row {n} value {n * 3}" for n in range(300)]
    lines[150] = "row 150 value INC-2047A"

    weights = weigh(lines)

    assert max(range(300), key=lambda at: weights[at].score) == 150


@given(st.lists(st.sampled_from(TROUBLE + CALM) | st.text(max_size=40), max_size=8))
def test_the_quick_look_agrees_with_the_patterns(lines: list[str]) -> None:
    assert [weight.is_error for weight in weigh(lines)] == [trouble_of(line).is_error for line in lines]
