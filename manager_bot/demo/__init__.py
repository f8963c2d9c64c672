"""The local world: stand-ins for Telegram, Gemini and GitHub that speak real HTTP.

Nothing here is imported by the platform itself; the two meet over HTTP alone.
"""
