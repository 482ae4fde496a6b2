"""What a search engine takes and gives: plain values and the `Engine` protocol that both engines fulfil."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Document:
    """One findable thing and the principals that may find it.

    `id`: 1-128 of `A-Z a-z 0-9 _ -`, not beginning with `__`. `version`: any text that changes with the row, for the drift check.
    `scope`: products, business scope or other long text. `industry`: the whole path of codes, section first.
    `readers`: principal strings such as `org:17`; a document without readers is found by nobody.
    `founded`: a day as `yyyymmdd`. `capital`: smallest currency unit. None means unknown and sorts last either way.
    """

    id: str
    name: str
    readers: Sequence[str]
    version: str = ""
    scope: str = ""
    uscc: str = ""
    province: str = ""
    city: str = ""
    tier: str = ""
    industry: Sequence[str] = ()
    category: Sequence[str] = ()
    member: bool = False
    founded: int | None = None
    capital: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One question: values of a filter are alternatives, filters narrow each other.

    `readers` are the asking actor's principals; none of them means nothing is found. `ranges` are inclusive bounds on
    `founded` and `capital`, None is open. `exclude_ids` are rows whose index document is known to be stale.
    `sort` is a name in `search.settings.SORTS`; relevance without a text is the order of names.
    """

    readers: Sequence[str]
    text: str = ""
    filters: Mapping[str, Sequence[str | bool]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: str = "relevance"
    descending: bool = False
    offset: int = 0
    limit: int = 25
    exclude_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Ids in order, the exact number of all hits, and `{field: {value: count}}` for each facet asked for.

    The counts of a field ignore that field's own filter, so that a reader sees what another choice would give.
    """

    ids: tuple[str, ...] = ()
    total: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """`ok` and, when it is not, which remedy: `unavailable`, `refused` or `rebuild`; `documents` is the size of the index."""

    ok: bool
    engine: str
    documents: int = 0
    problem: str = ""


class Engine(Protocol):
    """A finder of ids; the database decides what is shown.

    Each method raises a `search.errors.SearchError` and nothing else that belongs to the engine underneath.
    A change is visible to `search` in every process from the moment `upsert`, `delete` or `rebuild` returns.
    """

    def search(self, query: Query) -> Answer:
        """Answer one question; never raises for any free text."""

    def suggest(self, prefix: str, readers: Sequence[str], n: int = 8) -> tuple[str, ...]:
        """Ids of the documents whose name fits what was typed so far, best first."""

    def upsert(self, documents: Iterable[Document]) -> int:
        """Add or wholly replace documents by id; returns how many."""

    def delete(self, ids: Iterable[str]) -> None:
        """Remove documents; ids that are not there are ignored."""

    def rebuild(self, documents: Iterable[Document], progress: Progress | None = None) -> int:
        """Build a new index beside the old one and put it in its place in one step; returns how many documents.

        Readers find the old index until then. A failure leaves the old index as it was.
        """

    def ids(self) -> Iterator[tuple[str, str]]:
        """Every `(id, version)` held, for the drift check."""

    def health(self) -> Health:
        """State of the engine; never raises."""
