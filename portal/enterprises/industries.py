"""The industries of GB/T 4754-2017: all sections and divisions, and the groups and classes the board's enterprises work in."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "data" / "industries.csv"


@dataclass(frozen=True)
class Industry:
    """A section (letter), division (two digits), group (three) or class (four)."""

    code: str
    name: str
    parent: str


@lru_cache(maxsize=1)
def _table() -> dict[str, Industry]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Industry(row["code"], row["name"], row["parent"]) for row in csv.DictReader(file)}


def industry(code: str | None) -> Industry | None:
    """The industry with this code; None for one the table does not hold."""
    return _table().get(code or "")


def sections() -> tuple[Industry, ...]:
    """The twenty sections, A to T."""
    return within("")


def within(parent: str) -> tuple[Industry, ...]:
    """The industries directly under `parent`, by code."""
    return tuple(sorted((found for found in _table().values() if found.parent == parent), key=lambda found: found.code))


def path(code: str | None) -> tuple[Industry, ...]:
    """From the section down to `code` or the narrowest known industry around it; empty for an unknown code."""
    found = nearest(code)
    return (*path(found.parent), found) if found is not None else ()


def nearest(code: str | None) -> Industry | None:
    """The industry with this code, or the narrowest one of the table that contains it."""
    code = code or ""
    return next((found for end in range(len(code), 0, -1) if (found := industry(code[:end])) is not None), None)


def standard_code(text: str) -> str | None:
    """A code of GB/T 4754 in its plain form (`C3451`, `3451` -> `3451`, `C` -> `C`); None when its division does not exist."""
    text = text.strip().upper()
    bare = text[1:] if len(text) > 1 and text[:1].isalpha() else text
    if len(text) == 1:
        return text if industry(text) is not None else None
    known = bare.isascii() and bare.isdigit() and 2 <= len(bare) <= 4 and industry(bare[:2]) is not None
    return bare if known else None


def words(code: str | None) -> str:
    """An industry as pages write it, 「3451 滚动轴承制造」; of a class outside the table the group's name; '' for an unknown code."""
    found = nearest(code)
    return f"{code} {found.name}" if found is not None else ""
