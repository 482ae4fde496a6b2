"""The one field table: both engines, the validation of queries and the version of an index are derived from it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from search.errors import InvalidDocument, InvalidQuery
from search.protocol import Document, Query

# Raise it when the analysis changes what is written for the same document: an index of another version is rebuilt.
ANALYSIS_VERSION = 2

MAX_OFFSET = 1_000_000
MAX_LIMIT = 1_000
MAX_VALUES = 400
# Meilisearch cuts a longer value where it is indexed but not where it is asked.
MAX_VALUE_BYTES = 400
MAX_READERS = 2_000
MAX_EXCLUDED = 10_000


class Kind(Enum):
    """How a field takes part in a search."""

    CHOICE = "choice"    # filter and facet: exact values, one or many for a document
    NUMBER = "number"    # range filter
    READERS = "readers"  # permission filter: never a facet, never shown
    ORDER = "order"      # a text by which hits are sorted; ends in the id


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind


FIELDS: tuple[Field, ...] = (
    Field("province", Kind.CHOICE),
    Field("city", Kind.CHOICE),
    Field("industry", Kind.CHOICE),
    Field("tier", Kind.CHOICE),
    Field("category", Kind.CHOICE),
    Field("member", Kind.CHOICE),
    Field("founded", Kind.NUMBER),
    Field("capital", Kind.NUMBER),
    Field("readers", Kind.READERS),
    Field("by_length", Kind.ORDER),
    Field("by_name", Kind.ORDER),
    Field("by_founded", Kind.ORDER),
    Field("by_founded_desc", Kind.ORDER),
    Field("by_capital", Kind.ORDER),
    Field("by_capital_desc", Kind.ORDER),
)


def _names(kind: Kind) -> tuple[str, ...]:
    return tuple(f.name for f in FIELDS if f.kind is kind)


CHOICES = _names(Kind.CHOICE)
NUMBERS = _names(Kind.NUMBER)
ORDERS = _names(Kind.ORDER)

# sort -> (field read ascending, or None where the ascending field is read backwards; field for descending)
SORTS: dict[str, tuple[str, str | None]] = {
    "relevance": ("by_length", None),
    "name": ("by_name", None),
    "founded": ("by_founded", "by_founded_desc"),
    "capital": ("by_capital", "by_capital_desc"),
}

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def fingerprint() -> str:
    """Version of an index: equal only where field table and analysis are equal."""
    table = ";".join(f"{f.name}:{f.kind.value}" for f in FIELDS)
    return hashlib.sha256(f"{ANALYSIS_VERSION}|{table}".encode()).hexdigest()[:16]


@lru_cache(maxsize=50_000)
def choice_value(value: str | bool) -> str:
    """The form in which a filter value is indexed, asked and counted.

    Meilisearch gives a backslash no way through its filter language, so it stands as its full-width twin in both engines.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = _UNSAFE.sub("", value[:MAX_VALUE_BYTES]).replace("\\", "＼").strip()
    return plain.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")


def choice_values(document: Document, field: str) -> list[str]:
    """All values of one choice field of a document, without empty ones and doubles."""
    value = getattr(document, field)
    many = [value] if isinstance(value, (str, bool)) else value
    return list(dict.fromkeys(v for v in map(choice_value, many) if v))


def reader_values(readers: Sequence[str]) -> list[str]:
    """Principal strings as indexed and asked, without empty ones and doubles."""
    return list(dict.fromkeys(r for r in map(choice_value, readers) if r))


def check_document(document: Document) -> None:
    """Refuse what an engine would refuse later or, worse, take for something else. Raises InvalidDocument."""
    if not _ID.fullmatch(document.id) or document.id.startswith("__"):
        raise InvalidDocument(f"id {document.id!r}")
    for field in NUMBERS:
        value = getattr(document, field)
        # Meilisearch keeps numbers as doubles: beyond 2**53 neighbouring amounts become one.
        if value is not None and not 0 <= value < 2**53:
            raise InvalidDocument(f"{field} {value!r} of {document.id}")


def check_query(query: Query) -> None:
    """Refuse fields, sorts and pages that do not exist. Raises InvalidQuery."""
    for field in [*query.filters, *query.facets]:
        if field not in CHOICES:
            raise InvalidQuery(f"no filter {field!r}")
    for field in query.ranges:
        if field not in NUMBERS:
            raise InvalidQuery(f"no range {field!r}")
    if query.sort not in SORTS:
        raise InvalidQuery(f"no sort {query.sort!r}")
    if not (0 <= query.offset <= MAX_OFFSET and 0 <= query.limit <= MAX_LIMIT):
        raise InvalidQuery(f"page {query.offset}+{query.limit}")
    sizes = (len(query.readers) <= MAX_READERS, len(query.exclude_ids) <= MAX_EXCLUDED,
             all(len(v) <= MAX_VALUES for v in query.filters.values()))
    if not all(sizes):
        raise InvalidQuery("too many values")


def active_filters(query: Query) -> dict[str, list[str]]:
    """Filters that narrow anything: a field without values does not."""
    cleaned = {f: list(dict.fromkeys(choice_value(v) for v in values)) for f, values in query.filters.items()}
    return {f: values for f, values in cleaned.items() if values}


def order(query: Query, has_text: bool) -> tuple[str, bool]:
    """The order field to read, and whether backwards; relevance without a text is the order of names."""
    sort = "name" if query.sort == "relevance" and not has_text else query.sort
    ascending, descending = SORTS[sort]
    if sort == "relevance" or not query.descending:
        return ascending, False
    return (descending, False) if descending else (ascending, True)
