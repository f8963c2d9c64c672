"""A throw-away Telegram and Gemini, just large enough to try one agent.

The image is tried where nothing else of ClawBot runs yet (a bare machine, an image build), so this needs
only the standard library. It is no test double: what it accepts proves nothing about Telegram; whether the
agent starts, polls and answers is the question here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = "It works."
QUESTION = "What time is it?"
START = "/start"
"""What Telegram sends when a person opens a bot for the first time; the model answers it."""
NEW = "/new"
_OPENCLAWS_ANSWERS = {NEW: "New session"}
"""What OpenClaw answers without the model."""

_BOT = {"id": 1, "is_bot": True, "first_name": "Trial", "username": "trial_bot"}
_POLL_SECONDS = 20.0
_CHARACTERS_A_TOKEN = 4


@dataclass
class StandIn:
    """What the agent did so far, and the one message waiting for it.

    ``answered`` is set by the answer to the last message; another text (an error, a draft) is none. A poll gets no
    answer while it is ``held``, as at the door of an agent that sleeps.
    """

    owner_id: int
    url: str = ""
    answer: str = ANSWER
    held: bool = False
    polls: int = 0
    polled: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)
    prompts: list[dict[str, object]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    _waiting: list[dict[str, object]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _last_id: int = 0
    _ended_polls: int = 0
    _expected: str = ANSWER

    def ask(self, text: str = QUESTION, sender: int | None = None) -> None:
        """Let *sender* (the owner, if not said) write *text* to the bot."""
        with self._changed:
            self._expected = _OPENCLAWS_ANSWERS.get(text, ANSWER)
            self.answered.clear()
            self._last_id += 1
            person = sender if sender is not None else self.owner_id
            chat = {"id": person, "type": "private", "first_name": "Owner"}
            message = {
                "message_id": self._last_id,
                "date": int(time.time()),
                "text": text,
                "chat": chat,
                "from": {"id": person, "is_bot": False, "first_name": "Owner"},
            }
            self._waiting.append({"update_id": self._last_id, "message": message})
            self._changed.notify_all()

    def hold(self, held: bool) -> None:
        """Hold the polls, those that are open too, or let them go on."""
        with self._changed:
            self.held = held
            self._changed.notify_all()

    def hang_up(self) -> None:
        """End the polls that are open without an answer, as a gateway that is killed does."""
        with self._changed:
            self._ended_polls = self.polls
            self._changed.notify_all()

    def telegram(self, method: str, arguments: dict[str, object]) -> object:
        """The result of one Bot API call."""
        if method == "getMe":
            return _BOT
        if method == "getUpdates":
            return self._updates(int(str(arguments.get("offset") or 0)), float(str(arguments.get("timeout") or 0)))
        if method in ("sendMessage", "editMessageText"):
            self.replies.append(str(arguments.get("text", "")))
            if self._expected in self.replies[-1]:
                self.answered.set()
            chat = {"id": self.owner_id, "type": "private"}
            return {"message_id": 1000 + len(self.replies), "date": int(time.time()), "chat": chat, "text": ANSWER}
        return True

    def _updates(self, offset: int, timeout: float) -> list[dict[str, object]]:
        self.polled.set()
        deadline = time.monotonic() + min(timeout, _POLL_SECONDS)
        with self._changed:
            self.polls += 1
            number = self.polls
            self._waiting = [one for one in self._waiting if int(str(one["update_id"])) >= offset]
            while self.held or (not self._waiting and time.monotonic() < deadline):
                self._changed.wait(None if self.held else max(0.0, deadline - time.monotonic()))
                if number <= self._ended_polls:
                    raise ConnectionAbortedError
            return list(self._waiting)


class _Handler(BaseHTTPRequestHandler):
    """Routes ``/telegram/bot<token>/<method>`` and ``/gemini/v1beta/models/<id>:<verb>``."""

    protocol_version = "HTTP/1.1"
    world: StandIn

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        arguments = self._arguments()
        path = self.path.split("?")[0]
        if path.startswith("/telegram/"):
            result = self.world.telegram(path.rsplit("/", 1)[-1], arguments)
            self._send("application/json", json.dumps({"ok": True, "result": result}))
            return
        self.world.prompts.append(arguments)
        part = {
            "content": {"role": "model", "parts": [{"text": self.world.answer}]},
            "finishReason": "STOP",
            "index": 0,
        }
        prompt, output = (
            len(json.dumps(arguments)) // _CHARACTERS_A_TOKEN,
            len(self.world.answer) // _CHARACTERS_A_TOKEN,
        )
        usage = {"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output}
        chunk = json.dumps({"candidates": [part], "usageMetadata": usage, "modelVersion": "trial"})
        self._send("text/event-stream", f"data: {chunk}\r\n\r\n")

    def _arguments(self) -> dict[str, object]:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            decoded = json.loads(body or b"{}")
        except ValueError:
            return {}
        return decoded if isinstance(decoded, dict) else {}

    def _send(self, content_type: str, body: str) -> None:
        payload = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing: the caller reports in its own words."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """An agent that is killed in the middle of a call is part of the trial, not an error to print."""


@contextmanager
def standing_in(address: str, owner_id: int) -> Iterator[StandIn]:
    """Serve on a free port of *address* (the containers' bridge) while the block runs."""
    world = StandIn(owner_id)
    handler = type("Handler", (_Handler,), {"world": world})
    server = _Server((address, 0), handler)
    world.url = f"http://{address}:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
