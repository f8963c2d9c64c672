"""An emulated Gemini over real HTTP: as strict as the real REST surface, scriptable, with a ledger."""

from manager_bot.demo.gemini.app import build_gemini
from manager_bot.demo.gemini.client import GeminiControl
from manager_bot.demo.gemini.control import gemini_control_routes
from manager_bot.demo.gemini.ledger import fingerprint
from manager_bot.demo.gemini.state import DEMO_KEY, GeminiState

__all__ = ["DEMO_KEY", "GeminiControl", "GeminiState", "build_gemini", "fingerprint", "gemini_control_routes"]
