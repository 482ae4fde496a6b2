"""Where a query's words stand in the text as it is shown, so that a page can mark them."""

from functools import lru_cache

from search.analysis import HAN_RUN, is_han, normalise, readings, spellings
from search.plan import parse

MAX_TEXT = 5_000
SOUND_TEXT = 200


@lru_cache(maxsize=20_000)
def _normal_char(char: str) -> str:
    return normalise(char)


def _mapped(text: str) -> tuple[str, list[int]]:
    """The normalised text and, for each of its characters, the place in the shown text it came from."""
    pieces = [_normal_char(c) for c in text]
    return "".join(pieces), [i for i, piece in enumerate(pieces) for _ in piece]


def _places(haystack: str, needle: str) -> list[tuple[int, int]]:
    found, start = [], haystack.find(needle)
    while start >= 0:
        found.append((start, start + len(needle)))
        start = haystack.find(needle, start + len(needle))
    return found


@lru_cache(maxsize=256)
def _wanted(query: str) -> tuple[tuple[str, list[list[str]] | None], ...]:
    """The words to mark, each with the syllables it may spell; worked out once for the fifty texts of a page."""
    return tuple((w, spellings(w) if w.isalpha() and not is_han(w) else None) for w in parse(query).words)


def _sounding(text: str, run: str, wanted: list[list[str]]) -> list[tuple[int, int]]:
    """Places whose characters have these initials or these syllables."""
    found: list[tuple[int, int]] = []
    for match in HAN_RUN.finditer(text[:SOUND_TEXT]):
        sounds, base = readings(match.group()), match.start()
        if len(run) >= 3:
            found += [(base + a, base + b) for a, b in _places("".join(s[0] for s in sounds), run)]
        for parts in wanted:
            size = len(parts)
            found += [(base + i, base + i + size) for i in range(len(sounds) - size + 1) if sounds[i:i + size] == parts]
    return found


def spans(text: str, query: str) -> list[tuple[int, int]]:
    """Half-open `(start, end)` places in `text`, in order and not overlapping, that answer `query`."""
    shown = text[:MAX_TEXT]
    flat, origin = _mapped(shown)
    found: list[tuple[int, int]] = []
    for word, syllables in _wanted(query):
        found += _places(flat, word)
        if syllables is not None:
            found += _sounding(flat, word, syllables)
    merged: list[tuple[int, int]] = []
    for start, end in sorted((origin[a], origin[b - 1] + 1) for a, b in found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
