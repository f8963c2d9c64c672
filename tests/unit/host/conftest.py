"""A bare machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from bare_machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
