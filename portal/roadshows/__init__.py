"""Roadshows: events, registration within a capacity that cannot be exceeded, calendar files."""
