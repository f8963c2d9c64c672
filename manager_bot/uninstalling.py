"""Taking this installation off its host."""

from __future__ import annotations

from manager_bot.config import Settings
from manager_bot.errors import OperatorError, RuntimeUnavailable
from manager_bot.host import Host
from manager_bot.runtime.base import RuntimeRefused
from manager_bot.services.installation import known_mark
from models import database


async def uninstall(settings: Settings) -> str:
    """Remove containers, network and firewall rules with our mark; a line that says what was done.

    May be repeated. Data, archives and the database stay, so that the next start brings every agent back.
    """
    path = database.sqlite_file(settings.database)
    if path is not None and not path.exists():
        return "nothing to remove: there is no database, so nothing was ever started"
    async with database.open_database(settings.database, "uninstall"):
        mark = await known_mark()
    if mark is None:
        return "nothing to remove: nothing was ever started"
    host = Host.of(settings, mark)
    try:
        await host.runtime.dismantle()
        await host.firewall.remove()
    except RuntimeUnavailable:
        raise OperatorError("no container engine answers: start Docker, then uninstall again") from None
    except RuntimeRefused as error:
        raise OperatorError(f"something could not be removed: {error}") from error
    finally:
        host.runtime.close()
    return (
        f"removed: containers, network and firewall rules of installation {mark}; its data stays in {settings.data_dir}"
    )
