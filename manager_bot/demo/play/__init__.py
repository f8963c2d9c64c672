"""The whole journey, played by people at their phones, and asserted. ``journey`` is the order of the steps."""
