"""``python -m manager_bot`` is the ``clawbot`` command."""

from __future__ import annotations

import sys

from manager_bot.cli import main

if __name__ == "__main__":
    sys.exit(main())
