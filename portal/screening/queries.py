"""One question to the board: the engine finds, PostgreSQL decides, and what the engine does not know yet is answered beside it.

Counts come from the engine less two sets of ids: those in `search_dirty` (their rows are read and matched here) and the
enterprises that hide from this reader. So a count is exact also between a change and its indexing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, cast, func, select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.paging import PAGE_SIZE
from portal.enterprises import policy
from portal.enterprises.models import Enterprise
from portal.screening import plain
from portal.screening.criteria import SORTS, Criteria
from portal.screening.documents import document
from portal.screening.models import SearchDirty
from search.errors import SearchError
from search.protocol import Answer, Engine, Query
from search.tantivy_engine import TantivyEngine

log = structlog.get_logger()
MOST_DIRTY = 300  # beyond, the index is too far behind to be patched and PostgreSQL answers alone
# What the engine's answer must be read beside, in one statement: ids it does not know yet, and ids that hide from this reader.
_HIDDEN = cast(func.portal.excluded(), ARRAY(BigInteger))
_DIRTY = select(SearchDirty.enterprise_id).order_by(SearchDirty.enterprise_id).limit(MOST_DIRTY + 1).scalar_subquery()
_ASIDE = select(func.array(_DIRTY, type_=ARRAY(BigInteger)), _HIDDEN)


@dataclass(frozen=True)
class Result:
    """A page of enterprises in order, the exact total, the counts per filter, and whether PostgreSQL answered alone."""

    rows: Sequence[Enterprise] = ()
    total: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    plain: bool = False


def search_enterprises(db: Session, actor: Actor, engine: Engine, criteria: Criteria) -> Result:
    """The page of enterprises that `actor` may see for `criteria`, with counts over what this reader may see.

    With the engine down or far behind, the answer comes from PostgreSQL alone and says so (`plain`).
    """
    dirty, hidden = db.execute(_ASIDE).one()
    if len(dirty) > MOST_DIRTY:
        return _plain(db, actor, criteria)
    query = _query(actor, criteria, [str(i) for i in {*dirty, *hidden}])
    try:
        answer = engine.search(query)
        if dirty:
            answer = _with_fresh(db, actor, engine, query, dirty, answer)
    except SearchError as error:
        log.warning("search.unavailable", kind=type(error).__name__)
        return _plain(db, actor, criteria)
    rows = readable_in_order(db, actor, answer.ids)
    missing = len(answer.ids) - len(rows)
    if missing:
        log.warning("search.drift", missing=missing)
    return Result(rows, answer.total - missing, {f: dict(c) for f, c in answer.facets.items()})


def _query(actor: Actor, criteria: Criteria, leave_out: list[str]) -> Query:
    sort, descending, _ = SORTS[criteria.sort]
    filters: dict[str, Sequence[str | bool]] = dict(criteria.filters)
    if not criteria.whole_register:
        filters["member"] = (True,)
    return Query(
        readers=actor.words, text=criteria.text, filters=filters, facets=criteria.counted, sort=sort, descending=descending,
        offset=criteria.offset, limit=PAGE_SIZE, exclude_ids=leave_out,
    )  # fmt: skip


def readable_in_order(db: Session, actor: Actor, ids: Sequence[str]) -> list[Enterprise]:
    """The rows of `ids` that the actor may see, in the order given: the index is never the authority."""
    numbers = [int(i) for i in ids]
    found = {row.id: row for row in db.scalars(_readable(actor), {"ids": numbers})}
    return [found[n] for n in numbers if n in found]


@lru_cache(maxsize=256)
def _readable(actor: Actor) -> Select[tuple[Enterprise]]:
    """Of the rows whose ids are bound as `ids`, those that the actor may see; written once for an actor's many pages."""
    return select(Enterprise).where(Enterprise.id == any_(bindparam("ids", type_=ARRAY(BigInteger))), policy.readable(actor))


def _with_fresh(db: Session, actor: Actor, engine: Engine, query: Query, dirty: list[int], answer: Answer) -> Answer:
    """`answer` joined with the rows the index does not know yet, matched and ordered by the same engine over just those.

    The d fresh hits shift a page by at most d places, so the page lies within the d + n old hits before its end.
    """
    fresh = readable_in_order(db, actor, [str(i) for i in dirty])
    if not fresh:
        return answer
    with TemporaryDirectory(prefix="fresh-") as folder:
        aside = TantivyEngine(Path(folder))
        aside.rebuild(document(row) for row in fresh)
        own = replace(query, offset=0, limit=len(fresh), exclude_ids=())
        new = aside.search(own)
        facets = {f: _added(answer.facets.get(f, {}), new.facets.get(f, {})) for f in query.facets}
        if not new.ids:
            return Answer(answer.ids, answer.total, facets)
        first = max(0, query.offset - new.total)
        window = engine.search(replace(query, offset=first, limit=query.offset - first + query.limit, facets=()))
        around = readable_in_order(db, actor, [*window.ids, *new.ids])
        aside.rebuild(document(row) for row in around)
        merged = aside.search(replace(own, offset=query.offset - first, limit=query.limit, facets=()))
    return Answer(merged.ids, answer.total + new.total, facets)


def _added(one: dict[str, int], two: dict[str, int]) -> dict[str, int]:
    return {value: one.get(value, 0) + two.get(value, 0) for value in {*one, *two}}


def _plain(db: Session, actor: Actor, criteria: Criteria) -> Result:
    rows, total, counts = plain.answer(db, actor, criteria)
    return Result(rows, total, counts, plain=True)


def suggestions(db: Session, actor: Actor, engine: Engine, text: str, n: int = 8) -> list[Enterprise]:
    """Enterprises whose names fit what was typed so far, board members first in mind: only what the actor may see."""
    hidden = {str(i) for i in db.scalar(select(_HIDDEN)) or []}
    try:
        ids = engine.suggest(text[:64], actor.words, n + len(hidden))
    except SearchError as error:
        log.warning("search.unavailable", kind=type(error).__name__)
        return []
    return readable_in_order(db, actor, [i for i in ids if i not in hidden][:n])
