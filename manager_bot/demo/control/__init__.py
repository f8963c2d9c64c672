"""The control API under `/world`: people acting as Telegram clients, BotFather, faults, time."""

from manager_bot.demo.control.routes import control_routes

__all__ = ["control_routes"]
