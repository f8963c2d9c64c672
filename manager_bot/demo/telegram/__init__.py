"""The emulated Telegram: a strict Bot API, and the people who use it."""
