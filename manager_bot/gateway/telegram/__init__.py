"""The Telegram door: a strict relay between an agent and its own bot."""
