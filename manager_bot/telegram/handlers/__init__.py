"""Handlers: each calls one use case and shows one screen."""
