"""The engine of a machine without a search server: a tantivy index in a folder, opened by any number of processes."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import tantivy
from tantivy import Occur, Order
from tantivy import Query as T

from search.errors import EngineUnavailable, IndexDamaged, IndexUnusable, SearchError
from search.plan import parse, parse_prefix
from search.protocol import Answer, Document, Health, Progress, Query
from search.recent import Recent
from search.settings import active_filters, check_document, check_query, order, reader_values
from search.tantivy_query import (
    APART,
    SETS,
    Clauses,
    filter_clauses,
    plan_clauses,
    range_clauses,
    reader_clauses,
    tier_queries,
    to_tantivy,
)
from search.tantivy_store import Store

BUILD_MEMORY = 256_000_000
CHANGE_MEMORY = 30_000_000
FACET_VALUES = 20_000
PROGRESS_STEP = 1_000
SHALLOW, DEEP = 200, 20_000  # offsets between which a count by text is the quicker way to a page
KEPT_COUNTS, KEPT_PAGES = 256, 1_024


@contextmanager
def _reading() -> Iterator[None]:
    """Turn tantivy's own errors, all of them ValueError or OSError, into ours."""
    try:
        yield
    except SearchError:
        raise
    except OSError as error:
        raise EngineUnavailable(str(error)) from error
    except ValueError as error:
        raise IndexDamaged(str(error)) from error
    except BaseException as error:
        # A broken file can make the Rust side panic; that arrives as a class pyo3 does not let us import.
        if type(error).__name__ != "PanicException":
            raise
        raise IndexDamaged(str(error)) from error


class TantivyEngine:
    """`search.protocol.Engine` over a folder; `wait` is how many seconds a change waits for another writer."""

    name = "tantivy"

    def __init__(self, folder: Path | str, wait: float = 60.0) -> None:
        self.store = Store(Path(folder), wait)
        self.schema = self.store.schema
        self._counts: Recent[tuple[dict[str, dict[str, int]], int]] = Recent(KEPT_COUNTS)
        self._pages: Recent[tuple[str, ...]] = Recent(KEPT_PAGES)

    def search(self, query: Query) -> Answer:
        check_query(query)
        plan, filters = parse(query.text), active_filters(query)
        with _reading():
            index, state = self.store.state()
            searcher = index.searcher()
            readers = _known_readers(searcher, query.readers)
            if not readers:
                return Answer(facets={f: {} for f in query.facets})
            # What is asked, then who asks: every set of hits or counts below starts from these clauses.
            base = (plan_clauses(self.schema, plan) + range_clauses(self.schema, query.ranges)
                    + reader_clauses(self.schema, readers, query.exclude_ids))
            whole = T.boolean_query(base + filter_clauses(self.schema, filters))
            by = order(query, plan.has_text)
            tiers = tier_queries(self.schema, plan) if query.sort == "relevance" else []
            # Nothing else decides an answer: one state of the index, one question, one set of readers.
            asked = (state, plan, tuple(readers), tuple(sorted((f, tuple(v)) for f, v in filters.items())),
                     tuple(sorted(query.ranges.items())), _digest(query.exclude_ids))
            facets, total = self._counts.get((asked, tuple(query.facets)),
                                             lambda: self._facets(searcher, base, filters, query.facets, whole))
            ids = self._pages.get((asked, by, bool(tiers), query.offset, query.limit),
                                  lambda: self._page(searcher, whole, tiers, by, query.offset, query.limit, total))
            return Answer(ids, total, facets)

    def suggest(self, prefix: str, readers: Sequence[str], n: int = 8) -> tuple[str, ...]:
        plan, principals = parse_prefix(prefix), reader_values(readers)
        if not plan.has_text or not principals:
            return ()
        with _reading():
            searcher = self.store.current().searcher()
            whole = T.boolean_query(plan_clauses(self.schema, plan) + reader_clauses(self.schema, principals, ()))
            return self._page(searcher, whole, tier_queries(self.schema, plan), ("by_length", False), 0, n, n)

    @staticmethod
    def _page(searcher: tantivy.Searcher, whole: T, tiers: list[T], by: tuple[str, bool],
              offset: int, limit: int, total: int) -> tuple[str, ...]:
        """One page out of the tiers laid end to end; `total` hits at most are there."""
        ids: list[str] = []
        higher: Clauses = []
        for tier in [*tiers, None]:
            if len(ids) >= limit or offset >= total:
                break
            clauses = [(Occur.Must, whole), *higher]
            if tier is not None:
                clauses.append((Occur.Must, tier))
                higher.append((Occur.MustNot, tier))
            keys, count = _stretch(searcher, T.boolean_query(clauses), by, offset, limit - len(ids))
            ids += map(_id, keys)
            offset = max(0, offset - count)
        return tuple(ids)

    def _facets(self, searcher: tantivy.Searcher, base: Clauses, filters: dict[str, list[str]],
                wanted: Sequence[str], whole: T) -> tuple[dict[str, dict[str, int]], int]:
        """Counts per field, and of all hits; the fields without a filter of their own share one pass with that."""
        counts, total = self._count(searcher, whole, [f for f in wanted if f not in filters])
        for field in wanted:
            if field in filters:
                without = T.boolean_query(base + filter_clauses(self.schema, filters, without=field))
                counts |= self._count(searcher, without, [field])[0]
        return {field: counts[field] for field in wanted}, total

    @staticmethod
    def _count(searcher: tantivy.Searcher, query: T, fields: list[str]) -> tuple[dict[str, dict[str, int]], int]:
        terms: dict[str, object] = {f: {"terms": {"field": SETS.get(f, f), "size": FACET_VALUES, "segment_size": FACET_VALUES}} for f in fields}
        # Each document has exactly one order text of a kind.
        found = searcher.aggregate(query, terms | {"": {"value_count": {"field": "by_length"}}})
        counts: dict[str, dict[str, int]] = {f: {} for f in fields}
        for field, own in counts.items():
            for bucket in found[field]["buckets"]:
                for value in bucket["key"].split(APART) if field in SETS else (bucket["key"],):
                    own[value] = own.get(value, 0) + bucket["doc_count"]
        return counts, int(found[""]["value"])

    def upsert(self, documents: Iterable[Document]) -> int:
        many = list(documents)
        for document in many:
            check_document(document)
        latest = {d.id: d for d in many}
        with self.store.writing(), _reading():
            with self._change() as writer:
                for document in latest.values():
                    writer.delete_documents_by_term("id", document.id)
                    writer.add_document(to_tantivy(document))
        return len(latest)

    def delete(self, ids: Iterable[str]) -> None:
        with self.store.writing(), _reading():
            with self._change() as writer:
                for id in ids:
                    writer.delete_documents_by_term("id", id)

    @contextmanager
    def _change(self) -> Iterator[tantivy.IndexWriter]:
        """A writer on the index in use whose work is kept whole or not at all."""
        writer = self.store.current().writer(CHANGE_MEMORY, 1)
        try:
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            # Also gives back tantivy's own lock, at once instead of at the next garbage collection.
            writer.wait_merging_threads()

    def rebuild(self, documents: Iterable[Document], progress: Progress | None = None) -> int:
        with self.store.writing(), _reading():
            generation, index = self.store.new_generation()
            try:
                done = self._fill(index, documents, progress)
            except BaseException:
                self.store.drop(generation)
                raise
            self.store.switch(generation)
        return done

    @staticmethod
    def _fill(index: tantivy.Index, documents: Iterable[Document], progress: Progress | None) -> int:
        writer, done, seen = index.writer(BUILD_MEMORY, 1), 0, set()
        for document in documents:
            check_document(document)
            if document.id in seen:
                writer.delete_documents_by_term("id", document.id)
            else:
                seen.add(document.id)
            writer.add_document(to_tantivy(document))
            done += 1
            if progress and done % PROGRESS_STEP == 0:
                progress(done)
        writer.commit()
        writer.wait_merging_threads()
        if progress:
            progress(done)
        return len(seen)

    def ids(self) -> Iterator[tuple[str, str]]:
        with _reading():
            searcher = self.store.current().searcher()
            count = searcher.num_docs
            found = searcher.search(T.all_query(), count, order_by_field="stamp", order=Order.Asc).hits if count else []
        for stamp, _ in found:
            id, _, version = stamp.partition(" ")
            yield id, version

    def health(self) -> Health:
        try:
            with _reading():
                return Health(True, self.name, self.store.current().searcher().num_docs)
        except IndexUnusable:
            return Health(False, self.name, problem="rebuild")
        except SearchError:
            return Health(False, self.name, problem="unavailable")


def _stretch(searcher: tantivy.Searcher, query: T, by: tuple[str, bool], offset: int, limit: int) -> tuple[list[str], int]:
    """Order texts of `limit` hits after the first `offset`, and the number of all hits.

    An ordered search looks every skipped text up, one by one (25 µs each); a count by text reads them off in their order.
    """
    field, backwards = by
    if not SHALLOW < offset <= DEEP:
        found = searcher.search(query, limit, count=True, order_by_field=field, offset=offset,
                                order=Order.Desc if backwards else Order.Asc)
        return [key for key, _ in found.hits], found.count
    terms = {"field": field, "size": offset + limit, "segment_size": offset + limit, "order": {"_key": "desc" if backwards else "asc"}}
    found = searcher.aggregate(query, {"texts": {"terms": terms}})["texts"]
    return [b["key"] for b in found["buckets"][offset:]], sum(b["doc_count"] for b in found["buckets"]) + found["sum_other_doc_count"]


def _digest(ids: Sequence[str]) -> bytes:
    """What tells one set of ids from another, short enough to be kept a thousand times."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).digest()


def _known_readers(searcher: tantivy.Searcher, readers: Sequence[str]) -> list[str]:
    """The principals that any document names: the others find nothing, and most actors' own ones stand in none."""
    return sorted(r for r in reader_values(readers) if searcher.doc_freq("readers", r))


def _id(order_text: str) -> str:
    """The id at the end of an order text; ids hold neither of the two marks that may stand before it."""
    return order_text[max(order_text.rfind("!"), order_text.rfind("~")) + 1:]
