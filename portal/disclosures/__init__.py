"""Targeted disclosures（（七）非必要不披露、定向披露系统）: an enterprise writes an item with text and documents and gives it to named addressees.

Nouns: a *disclosure* (item) and its *documents*; its readers are the grants on it. States: draft (the enterprise's own
people; edited and discarded freely) → published (fixed; readable while a grant lives) → withdrawn (the enterprise's own
people again, with the reason). Reading one's own items is no use by others and leaves no record; every other read does.
"""
