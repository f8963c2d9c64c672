"""An emulated GitHub over real HTTP: sign-in and the few API calls ClawBot makes, as strict as the real ones."""

from manager_bot.demo.github.app import build_github
from manager_bot.demo.github.browser import Browser
from manager_bot.demo.github.client import GitHubControl
from manager_bot.demo.github.control import github_control_routes
from manager_bot.demo.github.state import Account, App, GitHubState

__all__ = [
    "Account",
    "App",
    "Browser",
    "GitHubControl",
    "GitHubState",
    "build_github",
    "github_control_routes",
]
