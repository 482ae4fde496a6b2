"""The engine of a production site: a Meilisearch server (1.50 or later) through its official client."""

import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from meilisearch import Client

from search.errors import EngineRefused, IndexMissing, IndexOutdated, IndexUnusable, SearchError, TaskFailed
from search.meilisearch_query import (
    MARKER,
    choice_filters,
    marker,
    one_of,
    plan_filters,
    query_line,
    range_filters,
    settings_body,
    tier_parts,
    to_meilisearch,
)
from search.meilisearch_wire import Wire, key_or_refused, talking
from search.plan import Plan, parse, parse_prefix
from search.protocol import Answer, Document, Health, Progress, Query
from search.settings import active_filters, check_document, check_query, fingerprint, order, reader_values

BATCH = 2_000
IDS_BATCH = 1_000
PENDING = 4
LEFTOVER_AGE = timedelta(hours=6)


class MeilisearchEngine:
    """`search.protocol.Engine` over one index of a server.

    `key` needs the rights to make a search key, to write the index, and to swap, create and delete indexes whose name
    begins with `uid`. Each question of a reader travels with a tenant token that carries the reader's principals.
    """

    name = "meilisearch"

    def __init__(self, url: str, key: str, uid: str = "enterprises", search_seconds: float = 3.0,
                 write_seconds: float = 30.0, task_seconds: float = 300.0) -> None:
        self.wire = Wire(url.rstrip("/"), key_or_refused(key), uid, search_seconds, write_seconds, task_seconds)
        self.uid = uid

    def search(self, query: Query) -> Answer:
        check_query(query)
        readers = reader_values(query.readers)
        if not readers:
            return Answer(facets={f: {} for f in query.facets})
        plan = parse(query.text)
        asked = plan_filters(plan) + range_filters(query.ranges)
        if query.exclude_ids:
            asked.append("NOT " + one_of("id", query.exclude_ids))
        filters = active_filters(query)
        base = self._part(plan, asked + choice_filters(filters))
        counts = [base | {"page": 1, "hitsPerPage": 1, "facets": [f for f in query.facets if f not in filters]}]
        filtered = [f for f in query.facets if f in filters]
        for field in filtered:
            part = self._part(plan, asked + choice_filters(filters, without=field))
            counts.append(part | {"page": 1, "hitsPerPage": 1, "facets": [field]})
        by = order(query, plan.has_text)
        parts = self._tiers(base, plan, by) if query.sort == "relevance" else [base | {"sort": _sort(by)}]
        ids, answers = self._page(readers, counts, parts, query.offset, query.limit)
        found: dict[str, dict[str, int]] = {}
        for answer in answers:
            found |= answer.get("facetDistribution") or {}
        return Answer(ids, answers[0]["totalHits"], {f: found.get(f, {}) for f in query.facets})

    def suggest(self, prefix: str, readers: Sequence[str], n: int = 8) -> tuple[str, ...]:
        plan, principals = parse_prefix(prefix), reader_values(readers)
        if not plan.has_text or not principals:
            return ()
        parts = self._tiers(self._part(plan, plan_filters(plan)), plan, ("by_length", False))
        return self._page(principals, [], parts, 0, n)[0]

    def _part(self, plan: Plan, filters: list[str]) -> dict[str, Any]:
        return {"indexUid": self.uid, "q": query_line(plan.phrases, plan.without_phrases), "filter": filters, "matchingStrategy": "all",
                "attributesToRetrieve": ["id"]}

    @staticmethod
    def _tiers(base: dict[str, Any], plan: Plan, by: tuple[str, bool]) -> list[dict[str, Any]]:
        return [base | {"q": line, "filter": base["filter"] + filters, "sort": _sort(by)} for line, filters in tier_parts(plan)]

    def _page(self, readers: list[str], counts: list[dict[str, Any]], parts: list[dict[str, Any]],
              offset: int, limit: int) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
        """One page out of the classes laid end to end, and the answers to `counts`.

        The first page, nearly every question, is one request; further on the sizes of the classes must be known first.
        """
        if offset and len(parts) > 1:
            sizes = [p | {"page": 1, "hitsPerPage": 1} for p in parts]
            answers = self._ask(readers, counts + sizes)
            counted, totals = answers[:len(counts)], [a["totalHits"] for a in answers[len(counts):]]
            wanted = []
            for part, total in zip(parts, totals):
                if offset < total:
                    wanted.append(part | {"offset": offset, "limit": limit})
                offset = max(0, offset - total)
            hits = self._ask(readers, wanted) if wanted and limit else []
        else:
            wanted = [p | {"offset": offset, "limit": limit} for p in parts] if limit else []
            answers = self._ask(readers, counts + wanted)
            counted, hits = answers[:len(counts)], answers[len(counts):]
        ids = [hit["id"] for answer in hits for hit in answer["hits"]]
        return tuple(ids[:limit]), counted

    def _ask(self, readers: list[str], queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        def ask(client: Client) -> list[dict[str, Any]]:
            return client.multi_search(told)["results"]
        told = [{name: value for name, value in query.items() if value != []} for query in queries]
        return self.wire.as_readers(one_of("readers", readers), ask) if queries else []

    def upsert(self, documents: Iterable[Document]) -> int:
        latest: dict[str, Document] = {}
        for document in documents:
            check_document(document)
            latest[document.id] = document
        self._check_version()
        self._send(self.uid, iter(latest.values()), None)
        return len(latest)

    def delete(self, ids: Iterable[str]) -> None:
        rest = iter(ids)
        while many := list(islice(rest, IDS_BATCH)):
            with talking():
                self.wire.finish(self.wire.client().index(self.uid).delete_documents(filter=one_of("id", many)))

    def _check_version(self) -> None:
        """A write to an index that is not there would make one without settings, so look first. Raises IndexUnusable."""
        with talking():
            written = self.wire.client().index(self.uid).get_document(MARKER).version
        if written != fingerprint():
            raise IndexOutdated(f"{written} is not {fingerprint()}")

    def _send(self, uid: str, documents: Iterator[Document], progress: Progress | None) -> int:
        """Send documents in batches, a few of them under way at a time, and wait for the last."""
        index, pending, done = self.wire.client().index(uid), deque(), 0
        with talking():
            while many := list(islice(documents, BATCH)):
                pending.append(index.add_documents([to_meilisearch(d) for d in many]))
                done += len(many)
                if len(pending) > PENDING:
                    self.wire.finish(pending.popleft())
                if progress:
                    progress(done)
            while pending:
                self.wire.finish(pending.popleft())
        return done

    def rebuild(self, documents: Iterable[Document], progress: Progress | None = None) -> int:
        beside = f"{self.uid}_build_{secrets.token_hex(4)}"
        self._remove_leftovers()
        try:
            with talking():
                self._make(beside)
            seen: set[str] = set()
            self._send(beside, _checked(documents, seen), progress)
            with talking():
                held = self.wire.client().index(beside).get_stats().number_of_documents
                if held != len(seen) + 1:
                    raise TaskFailed("incomplete", f"{held} of {len(seen) + 1} documents")
                self._swap(beside)
        finally:
            self._drop(beside)
        return len(seen)

    def _make(self, uid: str) -> None:
        client = self.wire.client()
        self.wire.finish(client.create_index(uid, {"primaryKey": "id"}))
        self.wire.finish(client.index(uid).update_settings(settings_body()))
        self.wire.finish(client.index(uid).add_documents([marker()]))

    def _swap(self, beside: str) -> None:
        """Exchange the two indexes in one step; the first time there is nothing to exchange with but an empty one."""
        client = self.wire.client()
        try:
            with talking():
                client.get_raw_index(self.uid)
        except IndexMissing:
            self.wire.finish(client.create_index(self.uid, {"primaryKey": "id"}))
        self.wire.finish(client.swap_indexes([{"indexes": [self.uid, beside]}]))

    def _drop(self, uid: str) -> None:
        """Remove an index that no one reads; when that fails it is left for the next rebuild to remove."""
        try:
            with talking():
                self.wire.finish(self.wire.client().delete_index(uid))
        except SearchError:
            return

    def _remove_leftovers(self) -> None:
        """Remove what interrupted rebuilds left; young ones may belong to a rebuild under way."""
        with talking():
            indexes = self.wire.client().get_raw_indexes({"limit": 1000})["results"]
            old = datetime.now(UTC) - LEFTOVER_AGE
            names = [i["uid"] for i in indexes if i["uid"].startswith(f"{self.uid}_build_") and _made(i) < old]
        for name in names:
            self._drop(name)

    def ids(self) -> Iterator[tuple[str, str]]:
        index, offset = self.wire.client().index(self.uid), 0
        while True:
            with talking():
                page = index.get_documents({"offset": offset, "limit": IDS_BATCH, "fields": ["id", "version"]})
            for document in page.results:
                if document.id != MARKER:
                    yield document.id, document.version
            offset += IDS_BATCH
            if offset >= page.total:
                return

    def health(self) -> Health:
        try:
            self._check_version()
            with talking():
                held = self.wire.client().index(self.uid).get_stats().number_of_documents
            return Health(True, self.name, held - 1)
        except IndexUnusable:
            return Health(False, self.name, problem="rebuild")
        except EngineRefused:
            return Health(False, self.name, problem="refused")
        except SearchError:
            return Health(False, self.name, problem="unavailable")


def _sort(by: tuple[str, bool]) -> list[str]:
    return [f"{by[0]}:{'desc' if by[1] else 'asc'}"]


def _made(index: dict[str, Any]) -> datetime:
    # The server writes nanoseconds, which Python reads only to the microsecond: the seconds are enough.
    return datetime.fromisoformat(index["createdAt"][:19]).replace(tzinfo=UTC)


def _checked(documents: Iterable[Document], seen: set[str]) -> Iterator[Document]:
    for document in documents:
        check_document(document)
        seen.add(document.id)
        yield document
