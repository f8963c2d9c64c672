"""Use cases. They know no Telegram, no Docker and no HTTP: what they need of those comes in as a port."""
