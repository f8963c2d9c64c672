"""What starts containers. ``base`` is the seam; nothing above it knows which runtime runs."""
