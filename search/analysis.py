"""How Chinese text becomes index terms; used alike for both engines and for what a person types.

Nothing depends on how a dictionary would cut the *indexed* text, so no word inside a name can be missed:
Han runs are written as overlapping pairs and single characters, names also as overlapping threes of pinyin initials and
as syllables, credit codes as overlapping fours. The short coded terms of one document are its *grams*:

    =key   the whole name, letters and Han only        ^x    first character of the name
    x, xy  characters and overlapping pairs of the name  l:tok  Latin word or number in the name
    i:abc  three neighbouring pinyin initials            s:tok  Latin word or number in the scope
    p:wu   one syllable; p:wu'rong two neighbouring ones  c:9131 four neighbouring characters of the credit code
    j:ab   how the initials begin, two to eight letters  b:wu'rong how the syllables begin, one to six
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc
import rjieba
from pypinyin import lazy_pinyin
from pypinyin.pinyin_dict import pinyin_dict

from search.protocol import Document

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
RUN = re.compile(rf"[{HAN}]+|[a-z0-9]+")
HAN_RUN = re.compile(rf"[{HAN}]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Marks that are not seen: soft hyphen, zero-width and direction marks, tags, and lone surrogates that no encoder takes.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
NAME_CHARS = 200
KEY_CHARS = 100
SCOPE_CHARS = 5_000
BY_NAME_CHARS = 200
LATIN_CHARS = 40
BEGIN_INITIALS = range(2, 9)
BEGIN_SYLLABLES = range(1, 7)
CODE_GRAM = 4
INITIALS_GRAM = 3
UNKNOWN_LAST = "~"
# Between the parts of an order text: sorts before every letter and digit, so a shorter name comes first.
_PART = "!"


@lru_cache(maxsize=1)
def _variants() -> dict[int, str]:
    """Each Han character that has a simplified twin, to the one character that stands for all of its forms.

    Character by character and there and back again: a conversion by phrases turns 乾 into 干 in one text and leaves it in
    another, and 鉅 becomes 巨 while 钜 stays, so the two ways of writing one name would part.
    """
    chars = [chr(c) for c in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]

    def each(config: str, many: list[str]) -> list[str]:
        return opencc.OpenCC(config).convert("\n".join(many)).split("\n")
    simple = each("t2s", each("s2t", each("t2s", chars)))
    return {ord(a): b for a, b in zip(chars, simple, strict=True) if a != b and len(b) == 1}


def normalise(text: str) -> str:
    """Full width, case and traditional characters evened out; control and direction marks gone."""
    shown = _CONTROLS.sub(" ", _UNSEEN.sub("", text))
    return unicodedata.normalize("NFKC", shown).lower().translate(_variants())


def is_han(run: str) -> bool:
    """Whether a run, all of one script, is Han: what is not ASCII in a run is."""
    return not run.isascii()


def overlapping(text: str, n: int) -> list[str]:
    """Every piece of n neighbouring characters; nothing where the text is shorter."""
    return [a + b for a, b in zip(text, text[1:])] if n == 2 else [text[i:i + n] for i in range(len(text) - n + 1)]


def name_key(normalised: str) -> str:
    """What makes two spellings of a name the same: letters, digits and Han without spaces and punctuation."""
    return "".join(RUN.findall(normalised))[:KEY_CHARS]


def readings(key: str) -> list[str]:
    """One reading per character: the syllable of a Han character, a Latin letter or digit as it stands."""
    out: list[str] = []
    for run in RUN.findall(key):
        if is_han(run):
            for word in rjieba.cut(run):
                out += _word_readings(word)
        else:
            out += run
    return out


@lru_cache(maxsize=200_000)
def _word_readings(word: str) -> tuple[str, ...]:
    """The readings of one word: words decide among readings (银行, 行走), repeat in thousands of names, and are kept."""
    sounds = lazy_pinyin(word)
    return tuple(sounds) if len(sounds) == len(word) else tuple(s or "?" for s in lazy_pinyin(list(word)))


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """All toneless syllables of Mandarin, taken from the reading dictionary; `ü` is written `v`."""
    plain: set[str] = set()
    for values in pinyin_dict.values():
        for value in values.split(","):
            toneless = value.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v").replace("ǚ", "v").replace("ǜ", "v")
            plain.add("".join(c for c in unicodedata.normalize("NFD", toneless) if c.isascii()))
    return frozenset(s for s in plain if s.isalpha() and 1 <= len(s) <= 6)


def spellings(letters: str, most: int = 8) -> list[list[str]]:
    """Ways to read a run of letters as syllables (`xian`: xian, xi'an), fewest syllables first, at most `most`."""
    known, found = syllables(), []

    def extend(start: int, parts: list[str]) -> None:
        if len(found) >= most * 4 or len(parts) > 20:
            return
        if start == len(letters):
            found.append(parts)
            return
        for size in range(min(6, len(letters) - start), 0, -1):
            piece = letters[start:start + size]
            # A lone vowel or consonant inside a run is nearly always the tail of the syllable before it.
            if piece in known and (size > 1 or piece in "aoe") and start + size not in dead:
                before = len(found)
                extend(start + size, [*parts, piece])
                if len(found) == before:
                    dead.add(start + size)

    dead: set[int] = set()
    extend(0, [])
    return sorted(found, key=len)[:most]


def initials_grams(letters: str) -> list[str]:
    return ["i:" + g for g in overlapping(letters, INITIALS_GRAM)]


def syllable_grams(parts: list[str]) -> list[str]:
    """Terms of neighbouring syllables; a single syllable is a term of its own."""
    if len(parts) == 1:
        return ["p:" + parts[0]]
    return [f"p:{a}'{b}" for a, b in zip(parts, parts[1:])]


def begin_grams(letters: str, spelled: list[list[str]]) -> list[str]:
    """Terms that say a name begins with these initials or with one of these spellings."""
    initials = ["j:" + letters] if len(letters) in BEGIN_INITIALS else []
    return initials + ["b:" + "'".join(parts) for parts in spelled if len(parts) in BEGIN_SYLLABLES]


def code_grams(code: str) -> list[str]:
    return ["c:" + g for g in overlapping(code, CODE_GRAM)]


def pair_grams(text: str) -> list[str]:
    """Overlapping pairs of one run; a single character is its own term."""
    return [text] if len(text) == 1 else overlapping(text, 2)


@dataclass(frozen=True, slots=True)
class IndexForm:
    """What both engines write for one document: `runs` are its Han runs in order, `orders` its sort texts."""

    grams: list[str]
    runs: list[str]
    orders: dict[str, str]


def index_form(document: Document) -> IndexForm:
    """Analyse one document; about 120 µs for a register row."""
    name = normalise(document.name[:NAME_CHARS])
    scope = normalise(document.scope[:SCOPE_CHARS])
    key = name_key(name)
    sounds = readings(key)
    grams = ["=" + key, "^" + key[:1], *key, *pair_grams(key)] if key else []
    letters = "".join(s[0] for s in sounds)
    grams += initials_grams(letters)
    grams += [g for n in BEGIN_INITIALS for g in begin_grams(letters[:n], [])]
    grams += [g for n in BEGIN_SYLLABLES for g in begin_grams("", [sounds[:n]])]
    grams += ["p:" + s for s in sounds if len(s) > 1] + syllable_grams(sounds) if sounds else []
    grams += code_grams(name_key(normalise(document.uscc)))
    name_runs, scope_runs = RUN.findall(name), RUN.findall(scope)
    grams += ["l:" + r[:LATIN_CHARS] for r in name_runs if not is_han(r)] + ["s:" + r[:LATIN_CHARS] for r in scope_runs if not is_han(r)]
    runs = [r for r in (*name_runs, *scope_runs) if is_han(r)]
    return IndexForm(list(dict.fromkeys(grams)), runs, _orders(document, key, sounds))


def _number_orders(value: int | None, id: str) -> tuple[str, str]:
    """Order texts for ascending and descending; an unknown number is last in both."""
    if value is None:
        return UNKNOWN_LAST + id, UNKNOWN_LAST + id
    return f"{value:016d}{_PART}{id}", f"{10**16 - 1 - value:016d}{_PART}{id}"


def _orders(document: Document, key: str, sounds: list[str]) -> dict[str, str]:
    founded, founded_desc = _number_orders(document.founded, document.id)
    capital, capital_desc = _number_orders(document.capital, document.id)
    return {
        "by_length": f"{len(key):03d}{_PART}{document.id}",
        "by_name": f"{'.'.join(sounds)[:BY_NAME_CHARS]}{_PART}{document.id}",
        "by_founded": founded, "by_founded_desc": founded_desc,
        "by_capital": capital, "by_capital_desc": capital_desc,
    }
