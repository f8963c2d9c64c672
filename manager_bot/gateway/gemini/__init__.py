"""The Gemini door: the token gateway."""
