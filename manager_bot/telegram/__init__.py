"""The manager bot: everything between Telegram and the use cases. Only here and in the emulated world is aiogram."""
