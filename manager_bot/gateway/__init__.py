"""The agents' only door out: the Gemini door (token gateway) and the Telegram door (relay)."""
