"""No more starts at once than places, and those first whom somebody waits for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from manager_bot.watchdog.gate import CALLED_FOR, LONGEST, StartGate


class Street:
    """A gate, a clock, and whom it called."""

    def __init__(self, places: int = 2) -> None:
        self.called: list[int] = []
        self.time = 0.0
        self.gate = StartGate(places, self.called.append, lambda: self.time)

    def fill(self) -> None:
        assert self.gate.enter(1, urgent=False)
        assert self.gate.enter(2, urgent=False)
        assert not self.gate.enter(3, urgent=False)
        assert not self.gate.enter(4, urgent=True)


def test_who_is_waited_for_is_called_first() -> None:
    street = Street()
    street.fill()
    street.gate.leave(1)
    assert street.called == [4]
    assert not street.gate.enter(3, urgent=False)
    assert street.gate.enter(4, urgent=True)
    street.gate.leave(2)
    assert street.called == [4, 3]


def test_asking_again_inside_is_no_second_place() -> None:
    street = Street()
    street.fill()
    assert street.gate.enter(1, urgent=False)
    street.gate.leave(1)
    street.gate.leave(1)
    assert street.called == [4]


def test_a_place_nobody_came_for_is_given_away() -> None:
    street = Street()
    street.fill()
    street.gate.leave(1)
    street.gate.look()
    assert street.called == [4], "it is on its way"
    street.time = CALLED_FOR + 1
    street.gate.look()
    assert street.called == [4, 3]


def test_a_start_that_takes_for_ever_keeps_nobody_waiting() -> None:
    street = Street()
    street.fill()
    street.time = LONGEST + 1
    street.gate.look()
    assert sorted(street.called) == [3, 4]


@given(
    st.lists(st.tuples(st.sampled_from(["enter", "leave", "look"]), st.integers(1, 9), st.booleans())),
    st.integers(1, 4),
)
def test_never_more_inside_than_places(acts: list[tuple[str, int, bool]], places: int) -> None:
    street, inside = Street(places), set[int]()
    for act, agent_id, urgent in acts:
        if act == "enter" and street.gate.enter(agent_id, urgent=urgent):
            inside.add(agent_id)
        elif act == "leave":
            street.gate.leave(agent_id)
            inside.discard(agent_id)
        else:
            street.gate.look()
        assert len(inside) <= places
