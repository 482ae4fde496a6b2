"""Grants and exclusions: the live ties between a reader and a piece of information, each with basis, audience, purpose and period. One expression decides (`live`), one function explains (`why`)."""
