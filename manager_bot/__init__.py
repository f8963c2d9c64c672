"""ClawBot: a dedicated OpenClaw agent for every subscriber, run from one Telegram chat."""
