"""Desired against observed: events in, decisions out."""
