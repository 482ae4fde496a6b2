"""The filter language of Meilisearch, as far as the recordings show it: read to a tree, then evaluated by the index.

A bare value is made of letters, digits and `_-/.`; everything else stands in quotes, where a backslash frees only the quote
that encloses it and stays otherwise.
"""

import json
import re
from dataclasses import dataclass
from typing import Any


class FilterRefused(Exception):
    """The filter cannot be read, or names an attribute that may not be filtered."""


@dataclass(frozen=True)
class Leaf:
    attribute: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    operator: str
    parts: tuple["Leaf | Node", ...]


Tree = Leaf | Node
_SPACE = re.compile(r"\s*")
_BARE = re.compile(r"[\w\-/.]+")
_COMPARE = re.compile(r">=|<=|!=|=|>|<")
_WORDS = {"AND", "OR", "NOT", "IN", "TO", "EXISTS", "IS", "NULL", "EMPTY"}


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()

    def word(self, word: str) -> bool:
        self.skip()
        end = self.at + len(word)
        if self.text[self.at:end] != word or (word.isalpha() and _BARE.match(self.text, end)):
            return False
        self.at = end
        return True

    def value(self) -> str:
        self.skip()
        if self.at < len(self.text) and self.text[self.at] in "\"'":
            return self._quoted(self.text[self.at])
        match = _BARE.match(self.text, self.at)
        if not match or match.group() in _WORDS:
            raise FilterRefused(f"Was expecting a value but found `{self.text[self.at:self.at + 20]}`.")
        self.at = match.end()
        return match.group()

    def _quoted(self, quote: str) -> str:
        start = at = self.at + 1
        while at < len(self.text):
            if self.text[at] == quote:
                self.at = at + 1
                return self.text[start:at].replace("\\" + quote, quote)
            at += 2 if self.text[at] == "\\" else 1
        raise FilterRefused(f"Expression `{self.text[start - 1:]}` is missing the following closing delimiter: `{quote}`.")


def _or(reader: _Reader) -> Tree:
    parts = [_and(reader)]
    while reader.word("OR"):
        parts.append(_and(reader))
    return parts[0] if len(parts) == 1 else Node("OR", tuple(parts))


def _and(reader: _Reader) -> Tree:
    parts = [_not(reader)]
    while reader.word("AND"):
        parts.append(_not(reader))
    return parts[0] if len(parts) == 1 else Node("AND", tuple(parts))


def _not(reader: _Reader) -> Tree:
    if reader.word("NOT"):
        return Node("NOT", (_not(reader),))
    if reader.word("("):
        inner = _or(reader)
        if not reader.word(")"):
            raise FilterRefused("Expression is missing the following closing delimiter: `)`.")
        return inner
    return _condition(reader)


def _in(reader: _Reader, attribute: str) -> Leaf:
    if not reader.word("["):
        raise FilterRefused("Expected `[` after `IN` keyword")
    values: list[str] = []
    while not reader.word("]"):
        if values and not reader.word(","):
            raise FilterRefused("Expected only comma-separated field names inside `IN[..]`")
        if reader.word("]"):
            break
        reader.skip()
        if reader.at >= len(reader.text):
            raise FilterRefused("Expected matching `]` after the list of field names given to `IN[`")
        values.append(reader.value())
    return Leaf(attribute, "IN", tuple(values))


def _condition(reader: _Reader) -> Tree:
    attribute = reader.value()
    if reader.word("NOT"):
        if reader.word("IN"):
            return Node("NOT", (_in(reader, attribute),))
        if reader.word("EXISTS"):
            return Node("NOT", (Leaf(attribute, "EXISTS"),))
        raise FilterRefused("Was expecting an operation after `NOT`.")
    if reader.word("IN"):
        return _in(reader, attribute)
    if reader.word("EXISTS"):
        return Leaf(attribute, "EXISTS")
    reader.skip()
    match = _COMPARE.match(reader.text, reader.at)
    if match:
        reader.at = match.end()
        value = reader.value()
        leaf = Leaf(attribute, "=" if match.group() == "!=" else match.group(), (value,))
        return Node("NOT", (leaf,)) if match.group() == "!=" else leaf
    low = reader.value()
    if not reader.word("TO"):
        raise FilterRefused(f"Was expecting an operation but instead got `{low}`.")
    return Leaf(attribute, "TO", (low, reader.value()))


def read(text: str) -> Tree | None:
    """The tree of one filter text; None for an empty one."""
    if not text.strip():
        return None
    reader = _Reader(text)
    tree = _or(reader)
    reader.skip()
    if reader.at != len(text):
        raise FilterRefused(f"Found unexpected characters at the end of the filter: `{text[reader.at:]}`.")
    return tree


def read_any(value: Any) -> Tree | None:
    """A filter as the request holds it: a text, or a list whose members are ANDed and whose inner lists are ORed."""
    if value is None:
        return None
    if isinstance(value, str):
        return read(value)
    if not isinstance(value, list):
        raise FilterRefused(f"Invalid syntax for the filter parameter: `expected String, Array, found: {json.dumps(value)}`.")
    parts: list[Tree] = []
    for item in value:
        alternatives = item if isinstance(item, list) else [item]
        if not all(isinstance(a, str) for a in alternatives):
            raise FilterRefused("Invalid syntax for the filter parameter: `expected String`.")
        read_parts = [t for t in map(read, alternatives) if t]
        if read_parts:
            parts.append(read_parts[0] if len(read_parts) == 1 else Node("OR", tuple(read_parts)))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Node("AND", tuple(parts))
