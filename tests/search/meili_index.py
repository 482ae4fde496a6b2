"""One index of the strict local server: documents, settings, and matching over bit masks, so that it can hold 21,700 companies.

Matching follows the real server where the recordings and the study say how: quoted phrases are matched by their neighbouring
pairs, a hard separator parts them, unspaced Han text is cut by a dictionary, ten words of a query count.
"""

import heapq
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import rjieba

from tests.search.meili_filter import FilterRefused, Leaf, Node, Tree

WORDS_LIMIT = 10
_TOKEN = re.compile(r"[\u3400-\u9fff]+|[^\W_]+|[^\w\s]+|_+")
_HARD = set(".!?;。！？；,，、()（）[]{}|【】")


def facet_text(value: Any) -> str:
    """The form in which the server compares filter values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return unicodedata.normalize("NFKD", str(value).strip()).lower()


def flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Dotted attribute names with all their values."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, value if isinstance(value, list) else [value]


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """Words with their positions; a hard separator leaves a gap that no phrase crosses."""
    position = 0
    for piece in _TOKEN.findall(text.lower()):
        if "\u3400" <= piece[0] <= "\u9fff":
            for word in rjieba.cut(piece) if len(piece) > 1 else [piece]:
                yield position, word
                position += 1
        elif piece[0].isalnum():
            yield position, piece
            position += 1
        elif _HARD & set(piece):
            position += 8


def mask_of(ordinals: list[int], size: int) -> int:
    bits = bytearray(size // 8 + 1)
    for ordinal in ordinals:
        bits[ordinal >> 3] |= 1 << (ordinal & 7)
    return int.from_bytes(bits, "little")


def ordinals_of(mask: int) -> list[int]:
    bits = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    return [i * 8 + b for i, byte in enumerate(bits) if byte for b in range(8) if byte >> b & 1]


class Postings:
    """What the documents of one state of an index hold; thrown away at every change."""

    def __init__(self, documents: list[dict[str, Any]], searchable: list[str]) -> None:
        self.documents = documents
        self.size = len(documents)
        self.all = (1 << self.size) - 1
        self.searchable = searchable
        self._masks: dict[Any, int] = {}

    @cached_property
    def facets(self) -> dict[str, dict[str, list[int]]]:
        found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for ordinal, document in enumerate(self.documents):
            for name, values in flat(document):
                for value in dict.fromkeys(map(facet_text, values)):
                    found[name][value].append(ordinal)
        return found

    @cached_property
    def shown(self) -> dict[str, dict[str, str]]:
        """How a facet value is written in the answer."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for document in self.documents:
            for name, values in flat(document):
                if name != "grams":
                    for value in values:
                        found[name].setdefault(facet_text(value), facet_text(value) if isinstance(value, bool) else str(value))
        return found

    @cached_property
    def text(self) -> tuple[dict[str, list[int]], dict[tuple[str, str], list[int]]]:
        """Documents by word, and by two words standing next to each other in one attribute."""
        words: dict[str, list[int]] = defaultdict(list)
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        for ordinal, document in enumerate(self.documents):
            seen: set[Any] = set()
            for name, values in flat(document):
                if self.searchable != ["*"] and name not in self.searchable:
                    continue
                before: tuple[int, str] | None = None
                for position, word in tokens(" . ".join(map(str, values))):
                    seen.add(word)
                    if before and position == before[0] + 1:
                        seen.add((before[1], word))
                    before = (position, word)
            for item in seen:
                (words if isinstance(item, str) else pairs)[item].append(ordinal)
        return words, pairs

    def facet(self, name: str, value: str) -> int:
        return self._mask(("f", name, value), self.facets.get(name, {}).get(value, []))

    def word(self, word: str, prefix: bool = False) -> int:
        if not prefix:
            return self._mask(("w", word), self.text[0].get(word, []))
        found = 0
        for other in self.text[0]:
            if other.startswith(word):
                found |= self.word(other)
        return found

    def phrase(self, words: list[str]) -> int:
        """As the real server does it: by the pairs of neighbours, wherever in the document each pair stands."""
        found = self.word(words[0])
        for pair in zip(words, words[1:]):
            found &= self._mask(pair, self.text[1].get(pair, []))
        return found

    def _mask(self, key: Any, ordinals: list[int]) -> int:
        if key not in self._masks:
            self._masks[key] = mask_of(ordinals, self.size)
        return self._masks[key]

    @cached_property
    def ranks(self) -> dict[tuple[str, ...], list[int]]:
        return {}

    def rank(self, sort: tuple[str, ...]) -> list[int]:
        """The place of each document in a sort; a document without the attribute is last either way."""
        if sort not in self.ranks:
            order = list(range(self.size))
            for rule in reversed(sort):
                name, _, way = rule.rpartition(":")
                having = [o for o in order if self.documents[o].get(name) is not None]
                having.sort(key=lambda o: _sort_value(self.documents[o][name]), reverse=way == "desc")
                order = having + [o for o in order if self.documents[o].get(name) is None]
            ranks = [0] * self.size
            for place, ordinal in enumerate(order):
                ranks[ordinal] = place
            self.ranks[sort] = ranks
        return self.ranks[sort]


def _sort_value(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, (int, float)) else (1, facet_text(value))


class Index:
    def __init__(self, primary_key: str | None, settings: dict[str, Any], made: str) -> None:
        self.primary_key, self.settings = primary_key, settings
        self.created = self.updated = made
        self.documents: dict[str, dict[str, Any]] = {}
        self._postings: Postings | None = None

    def changed(self) -> None:
        self._postings = None

    @property
    def postings(self) -> Postings:
        if self._postings is None:
            self._postings = Postings(list(self.documents.values()), self.settings["searchableAttributes"])
        return self._postings

    def features(self, attribute: str) -> dict[str, bool] | None:
        """What may be done with an attribute in a filter; None when it may not be filtered at all."""
        for entry in self.settings["filterableAttributes"]:
            if isinstance(entry, str):
                if attribute == entry or attribute.startswith(entry + "."):
                    return {"equality": True, "comparison": True, "facetSearch": True}
            elif any(fnmatchcase(attribute, p) for p in entry["attributePatterns"]):
                given = entry.get("features", {})
                given_filter = given.get("filter", {})
                return {"equality": given_filter.get("equality", True), "comparison": given_filter.get("comparison", False),
                        "facetSearch": given.get("facetSearch", False)}
        return None

    def matching(self, tree: Tree | None) -> int:
        postings = self.postings
        if tree is None:
            return postings.all
        if isinstance(tree, Node):
            masks = [self.matching(p) for p in tree.parts]
            if tree.operator == "NOT":
                return postings.all & ~masks[0]
            out = masks[0]
            for mask in masks[1:]:
                out = out & mask if tree.operator == "AND" else out | mask
            return out
        return self._leaf(postings, tree)

    def _leaf(self, postings: Postings, leaf: Leaf) -> int:
        features = self.features(leaf.attribute)
        if features is None:
            raise FilterRefused(f"Attribute `{leaf.attribute}` is not filterable.")
        values = postings.facets.get(leaf.attribute, {})
        out = 0
        if leaf.operator in ("=", "IN"):
            for value in leaf.values:
                out |= postings.facet(leaf.attribute, facet_text(value))
            return out
        if leaf.operator == "EXISTS":
            for value in values:
                out |= postings.facet(leaf.attribute, value)
            return out
        if not features["comparison"]:
            raise FilterRefused(f"Operator `{leaf.operator}` is not allowed for the attribute `{leaf.attribute}`.")
        try:
            bounds = [float(v) for v in leaf.values]
        except ValueError:
            return 0
        for value in values:
            if _within(value, leaf.operator, bounds):
                out |= postings.facet(leaf.attribute, value)
        return out

    def asked(self, line: str, strategy: str) -> int:
        """Documents that answer a query line."""
        postings = self.postings
        wanted, unwanted = _query_terms(line)
        out = postings.all
        for words in unwanted:
            out &= ~postings.phrase(words)
        if strategy != "all":
            wanted = wanted[:1]
        for number, (words, quoted) in enumerate(wanted):
            last = number == len(wanted) - 1
            out &= postings.phrase(words) if quoted else postings.word(words[0], prefix=last)
        return out

    def page(self, mask: int, sort: tuple[str, ...], offset: int, limit: int) -> list[dict[str, Any]]:
        postings = self.postings
        rank = postings.rank(sort)
        best = heapq.nsmallest(offset + limit, ordinals_of(mask), key=rank.__getitem__)
        return [postings.documents[o] for o in best[offset:]]

    def counts(self, mask: int, attribute: str) -> dict[str, int]:
        postings = self.postings
        most = self.settings["faceting"]["maxValuesPerFacet"]
        found = {}
        for value in postings.facets.get(attribute, {}):
            count = (postings.facet(attribute, value) & mask).bit_count()
            if count:
                found[postings.shown[attribute].get(value, value)] = count
        return dict(sorted(found.items(), key=lambda kv: kv[0])[:most])


def _within(value: str, operator: str, bounds: list[float]) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    if operator == "TO":
        return bounds[0] <= number <= bounds[1]
    return {">": number > bounds[0], ">=": number >= bounds[0], "<": number < bounds[0], "<=": number <= bounds[0]}[operator]


def _query_terms(line: str) -> tuple[list[tuple[list[str], bool]], list[list[str]]]:
    """(words, whether quoted) that must match, and phrases that must not; nothing after the tenth wanted term is read."""
    wanted: list[tuple[list[str], bool]] = []
    unwanted: list[list[str]] = []
    for minus, phrase, bare in re.findall(r'((?<!\S)-)?(?:"([^"]*)"?|([^\s"]+))', line.replace("\0", " ")):
        groups = _phrases(phrase) if phrase else [[w] for _, w in tokens(bare)]
        for words in groups:
            if len(wanted) == WORDS_LIMIT:
                return wanted, unwanted
            if minus:
                unwanted.append(words)
            else:
                wanted.append((words, bool(phrase)))
    return wanted, unwanted


def _phrases(text: str) -> list[list[str]]:
    """The phrases of a quoted text: a hard separator inside begins a new one."""
    out: list[list[str]] = []
    before = -2
    for position, word in tokens(text):
        if position == before + 1:
            out[-1].append(word)
        else:
            out.append([word])
        before = position
    return out
