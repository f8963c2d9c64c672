"""`python -m manager_bot.demo.gemini --port P`: the emulated Gemini alone, on loopback."""

from __future__ import annotations

import argparse

from aiohttp import web

from manager_bot.demo.gemini.app import build_gemini
from manager_bot.demo.gemini.catalogue import catalogue
from manager_bot.demo.gemini.control import gemini_control_routes
from manager_bot.demo.gemini.state import DEMO_KEY, GeminiState


def build_alone(state: GeminiState) -> web.Application:
    """The same paths as in the world: `/gemini/v1beta/…` and `/world/gemini/…`."""
    app = web.Application()
    app.add_routes(gemini_control_routes(state))
    app.add_subapp("/gemini", build_gemini(state))
    return app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m manager_bot.demo.gemini")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", action="append", default=None, help=f"a valid key (default {DEMO_KEY})")
    parser.add_argument("--model", action="append", default=None, help="an existing model id")
    args = parser.parse_args()
    state = GeminiState(keys=set(args.key or [DEMO_KEY]))
    if args.model:
        state.models = catalogue(args.model)
    web.run_app(build_alone(state), host=args.host, port=args.port, handler_cancellation=True)


if __name__ == "__main__":
    main()
