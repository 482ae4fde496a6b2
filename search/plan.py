"""What a typed line means: the conditions that must hold and the order of goodness, free of any engine.

Words (cut by jieba) must all occur in name or scope; `"a phrase"` occurs as it stands; `-word` must not occur. A run of
letters or digits is a Latin word, pinyin initials, syllables, or a piece of a credit code, whichever fits. Work is bounded:
the line is cut to 200 characters, ten words and five exclusions count.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import rjieba

from search.analysis import (
    BEGIN_INITIALS,
    CODE_GRAM,
    HAN_RUN,
    INITIALS_GRAM,
    LATIN_CHARS,
    RUN,
    begin_grams,
    code_grams,
    initials_grams,
    is_han,
    name_key,
    normalise,
    pair_grams,
    spellings,
    syllable_grams,
)

MAX_CHARS = 200
MAX_WORDS = 10
MAX_EXCLUDED = 5
CODE_CHARS = 18


@dataclass(frozen=True, slots=True)
class Gram:
    """One term of a document, as `search.analysis` writes them."""

    value: str


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple["Condition", ...]


Condition = Gram | All | Any


@dataclass(frozen=True, slots=True)
class Plan:
    """A question to the index.

    `phrases`: Han texts that must each stand in name or scope. `conditions`: further conditions on grams.
    `without_phrases`, `without`: the same, forbidden. `tiers`: conditions on the name, best first; a document belongs to
    the first it meets. `whole`: the Han text as typed, where it was cut into words; documents that hold it as it stands come
    after the tiers and before the rest. `words`: what to highlight.
    """

    phrases: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    without_phrases: tuple[str, ...] = ()
    without: tuple[Condition, ...] = ()
    tiers: tuple[Condition, ...] = ()
    whole: str = ""
    words: tuple[str, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether anything has to be matched or kept away."""
        return bool(self.phrases or self.conditions or self.without_phrases or self.without)


_QUOTES = re.compile("[“”„‟«»「」『』《》]")
_DASHES = re.compile("[‐‑−]")
_ITEM = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')


def _both(parts: Iterable[Condition]) -> Condition:
    """All of the parts, flat and without doubles, so that equal demands are equal values."""
    flat = dict.fromkeys(p for part in parts for p in (part.parts if isinstance(part, All) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else All(tuple(flat))


def _all(grams: list[str]) -> Condition:
    return _both(map(Gram, grams))


def _any(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def latin_condition(run: str, names_only: bool = False) -> Condition:
    """All that a run of letters and digits may stand for; `names_only` leaves out words of the scope."""
    parts: list[Condition] = [Gram("l:" + run)]
    if not names_only:
        parts.append(Gram("s:" + run))
    if run.isalpha():
        parts += [_all(syllable_grams(s)) for s in spellings(run)]
    # Two initials inside a name say nothing, at its beginning they are what people type first.
    if len(run) in BEGIN_INITIALS:
        parts.append(Gram("j:" + run))
    if len(run) >= INITIALS_GRAM:
        parts.append(_all(initials_grams(run)))
    if CODE_GRAM <= len(run) <= CODE_CHARS:
        parts.append(_all(code_grams(run)))
    return _any(parts)


def _line(text: str) -> str:
    cut = normalise(text[:MAX_CHARS])[:MAX_CHARS]
    return _DASHES.sub("-", _QUOTES.sub('"', cut))


def _items(line: str) -> Iterator[tuple[bool, bool, str]]:
    """(excluded, quoted, run) in the order typed."""
    for match in _ITEM.finditer(line):
        quoted = match["phrase"] is not None
        for run in RUN.findall(match["phrase"] if quoted else match["word"]):
            yield bool(match["minus"]), quoted, run if is_han(run) else run[:LATIN_CHARS]


def _cut(quoted: bool, run: str) -> list[str]:
    return [run] if quoted or not is_han(run) else [w for w in rjieba.cut(run) if HAN_RUN.fullmatch(w)]


def _in_name(word: str) -> Condition:
    return _all(pair_grams(word)) if is_han(word) else latin_condition(word, names_only=True)


def _tiers(whole: str, words: list[str]) -> tuple[Condition, ...]:
    """Whole name, name that begins so, name that holds the whole, name that holds all words."""
    if not whole:
        return ()
    pairs = pair_grams(whole)
    begins = [_all(["^" + whole[0], *pairs])]
    if whole.isascii() and whole.isalpha():
        begins += map(Gram, begin_grams(whole, spellings(whole)))
    tiers = [Gram("=" + whole), _any(begins), _all(pairs)]
    # Single characters that a cut left over, standing apart in a name, say less than the whole text in a scope.
    if not any(is_han(w) and len(w) == 1 for w in words):
        tiers.append(_both(map(_in_name, words)))
    return tuple(dict.fromkeys(tiers))


def parse(text: str) -> Plan:
    """Read a typed line; any text whatever gives a plan, at worst an empty one."""
    wanted: list[str] = []
    unwanted: list[str] = []
    whole: list[str] = []
    for excluded, quoted, run in _items(_line(text)):
        (unwanted if excluded else wanted).extend([run] if excluded else _cut(quoted, run))
        if not excluded:
            whole.append(run)
    words = list(dict.fromkeys(wanted))[:MAX_WORDS]
    unwanted = list(dict.fromkeys(unwanted))[:MAX_EXCLUDED]
    return Plan(
        phrases=tuple(w for w in words if is_han(w)),
        conditions=tuple(latin_condition(w) for w in words if not is_han(w)),
        without_phrases=tuple(w for w in unwanted if is_han(w)),
        without=tuple(_excluding(w) for w in unwanted if not is_han(w)),
        tiers=_tiers(name_key("".join(whole)), words),
        whole=whole[0] if len(whole) == 1 and is_han(whole[0]) and len(words) > 1 else "",
        words=tuple(dict.fromkeys([*whole, *words])),
    )


def _excluding(run: str) -> Condition:
    """An excluded Latin run means the word itself: as initials it would take away names that only sound like it."""
    return Any((Gram("l:" + run), Gram("s:" + run)))


def parse_prefix(text: str) -> Plan:
    """Read what was typed so far into a name field: every run must stand in the name, uncut."""
    runs = list(dict.fromkeys(run for excluded, _, run in _items(_line(text)) if not excluded))[:MAX_WORDS]
    return Plan(conditions=tuple(_in_name(r) for r in runs), tiers=_tiers(name_key("".join(runs)), runs), words=tuple(runs))

