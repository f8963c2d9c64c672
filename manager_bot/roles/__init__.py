"""What each role of ``clawbot run`` is made of; a process loads only the modules of its own roles."""
