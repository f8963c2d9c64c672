"""The chat page of the demo world: plain files, served at `/` beside the control API it talks to."""

from manager_bot.demo.page.routes import build_page

__all__ = ["build_page"]
