"""Everything that knows OpenClaw: its image, its config, its files, its health answers and its exit codes."""
