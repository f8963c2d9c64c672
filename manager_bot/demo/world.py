"""The emulated world as one process.

    python -m manager_bot.demo.world --port P [--host 127.0.0.1]

`/telegram/bot<token>/<method>` and `/telegram/file/bot<token>/<path>` are the Bot API
(`CLAWBOT_TELEGRAM_API_ROOT=http://127.0.0.1:P/telegram`), `/gemini` is Gemini, `/` is the chat page, `/github` is
GitHub (`CLAWBOT_GITHUB_ROOT=http://127.0.0.1:P/github`, `CLAWBOT_GITHUB_API_ROOT=http://127.0.0.1:P/github/api`).

`/world` is the control API. Bodies are JSON (a file is sent as multipart, part `file`); an unknown field is
refused; an error is `{"error": …}` with 400, 403 or 404. `{person}` and `{bot}` are an id or a username.

    GET    /world                                   {"ready", "telegram_root", "last_event"}
    GET    /world/people                            all people
    POST   /world/people                            {name, username?, last_name?, language_code?, id?} → person
    POST   /world/people/{person}/newbot            {manager, username, name?} → bot (the t.me/newbot link, confirmed)
    GET    /world/bots, /world/bots/{bot}           bots, without tokens; `polling`, `pending_updates`, `webhook`
    POST   /world/bots                              {username, owner, name?, can_manage_bots?} → bot with `token`
    PATCH  /world/bots/{bot}                        {name?, can_manage_bots?, owner?}
    DELETE /world/bots/{bot}                        the token dies with it
    GET    /world/bots/{bot}/token                  {token}, as BotFather shows it
    POST   /world/bots/{bot}/revoke                 {token}: a new one, the old is dead
    GET    /world/bots/{bot}/commands               what setMyCommands left
    GET    /world/chats                             all chats
    GET    /world/chats/{person}/{bot}              chat with `messages`, `keyboard`, `action` ("typing"), `blocked`
    POST   …/send                                   {text?, reply_to?, kind?} (+ file) → message
    POST   …/edit                                   {message_id, text} → message
    POST   …/delete                                 {message_id} → message
    POST   …/press                                  {button | data, message_id?, wait?, username?, name?} →
                                                    {kind: callback, answer: {text, alert, url} | null} |
                                                    {kind: url, url} | {kind: message | managed_bot, message}
    POST   …/react                                  {message_id, emoji | null} → message
    POST   …/block, …/unblock                       → chat
    GET    /world/files/{file_unique_id}            a file's bytes, as the person opens it
    GET    /world/events?after=N                    server-sent events: person, bot, bot_deleted, token_replaced,
                                                    message, edit, delete, press, callback_answer, typing, reaction,
                                                    pin, block, commands, api_call, gemini_call, reset
    GET    /world/transcript?bot=&method=&ok=&after=&limit=   every Bot API call, tokens redacted
    GET    /world/clock, POST {advance: seconds}    moves rules of age, not waiting
    GET    /world/limits, POST {chat_burst?, chat_per_second?, bot_burst?, bot_per_second?}
    GET    /world/faults, POST {kind: error|html|drop|slow|unauthorized, method?, bot?, count?, seconds?, status?,
                                description?, retry_after?, delay?, when?: before|after}, DELETE [/{id}]
    POST   /world/github/apps                       {client_id, client_secret, callback}
    GET    /world/github/accounts[/{login}]         with the fingerprints of their living `tokens`
    POST   /world/github/accounts                   {login, name?, emails?, verified?} → account
    POST   /world/github/accounts/{login}/withdraw  the person revokes every application
    POST   /world/github/faults                     {kind: error|html|drop|slow, path?, status?, count?, delay?}, DELETE
    GET    /world/github/calls                      every request: method, path, status
    POST   /world/reset                             as on the first day

A message as people see it: `message_id, bot, bot_id, person, outgoing, date, text, entities, file, buttons,
reply_to, service, edited, edit_date, deleted, pinned, reactions`.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from manager_bot.demo.clock import Clock
from manager_bot.demo.control import control_routes
from manager_bot.demo.control.routes import guard_control
from manager_bot.demo.events import EventBus
from manager_bot.demo.gemini import GeminiState, build_gemini, gemini_control_routes
from manager_bot.demo.github import GitHubState, build_github, github_control_routes
from manager_bot.demo.page import build_page
from manager_bot.demo.telegram.api import BotApi
from manager_bot.demo.telegram.state import Telegram

BODY_LIMIT = 60 * 1024 * 1024


@dataclass(slots=True)
class World:
    """The parts that share one clock and one stream of events."""

    clock: Clock = field(default_factory=Clock)
    gemini: GeminiState = field(default_factory=GeminiState)
    events: EventBus = field(init=False)
    telegram: Telegram = field(init=False)
    github: GitHubState = field(init=False)

    def __post_init__(self) -> None:
        self.github = GitHubState(self.clock.now)
        self.events = EventBus(self.clock)
        self.telegram = Telegram(self.clock, self.events)

    def reset(self) -> None:
        self.clock.skipped = 0.0
        self.gemini.reset()
        self.github.reset()
        self.telegram.reset()


def build_world(world: World) -> web.Application:
    """The application of the whole world; Gemini and GitHub are mounted beside Telegram."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[guard_control, _gemini_events(world.events)])

    async def status(request: web.Request) -> web.Response:
        root = f"http://{request.host}/telegram"
        return web.json_response({"ready": True, "telegram_root": root, "last_event": world.events.last})

    async def reset(request: web.Request) -> web.Response:
        world.reset()
        return await status(request)

    app.router.add_get("/world", status)
    app.router.add_post("/world/reset", reset)
    app.router.add_routes(BotApi(world.telegram).routes())
    app.router.add_routes(control_routes(world.telegram))
    app.router.add_routes(gemini_control_routes(world.gemini))
    app.router.add_routes(github_control_routes(world.github))
    app.add_subapp("/gemini", build_gemini(world.gemini))
    app.add_subapp("/github", build_github(world.github))
    app.router.add_routes(build_page())
    return app


def _gemini_events(events: EventBus) -> Middleware:
    """Each model call becomes a `gemini_call` event, once it has ended."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/gemini/"):
            return await handler(request)
        started, status = time.perf_counter(), 499
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            seconds = round(time.perf_counter() - started, 4)
            events.publish("gemini_call", path=request.path, status=status, seconds=seconds)

    return watch


async def start_world(host: str, port: int, world: World | None = None) -> tuple[web.AppRunner, int]:
    """Listen; port 0 takes a free one. Returns what stops it, and the port."""
    app = build_world(world or World())
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner, int(runner.addresses[0][1])


async def serve(host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner, port = await start_world(host, port)
    sys.stdout.write(f"the world listens on http://{host}:{port}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="The emulated Telegram, Gemini and GitHub")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
