"""The wire to a Meilisearch server: fresh clients, waiting for tasks, signing tokens, and errors in our own words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import requests
from meilisearch import Client
from meilisearch.errors import (
    MeilisearchApiError,
    MeilisearchCommunicationError,
    MeilisearchError,
    MeilisearchTimeoutError,
)
from meilisearch.models.key import Key
from meilisearch.models.task import TaskInfo
from pydantic import ValidationError

from search.errors import EngineRefused, EngineUnavailable, IndexMissing, IndexOutdated, SearchError, TaskFailed

Result = TypeVar("Result")

TOKEN_LIFE = timedelta(minutes=10)
POLL_MS = 20
# A request refused with one of these codes means that the index was set up for another version of this library.
OUTDATED_CODES = {
    "invalid_search_filter", "invalid_search_sort", "invalid_search_facets", "invalid_document_filter", "document_not_found",
}


def api_error(error: MeilisearchApiError) -> SearchError:
    """The typed error of an answer with an error status."""
    detail = f"{error.status_code} {error.code}: {error.message}"
    if error.status_code in (401, 403):
        return EngineRefused(detail)
    if error.code == "index_not_found":
        return IndexMissing(detail)
    if error.code in OUTDATED_CODES:
        return IndexOutdated(detail)
    if error.status_code < 500 and error.status_code not in (408, 429):
        return TaskFailed(error.code or "refused", detail)
    return EngineUnavailable(detail)


@contextmanager
def talking() -> Iterator[None]:
    """Turn every failure of the client, and an answer that is no Meilisearch answer, into a typed error."""
    try:
        yield
    except MeilisearchApiError as error:
        raise api_error(error) from error
    except (MeilisearchTimeoutError, MeilisearchCommunicationError, MeilisearchError) as error:
        raise EngineUnavailable(str(error)) from error
    # The client passes on what it does not expect: a connection cut in the middle of a body, or a body of another make.
    except (requests.exceptions.RequestException, ValidationError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(f"{type(error).__name__}: {error}") from error


class Wire:
    """One server, one key and one index name; safe to share between threads.

    `search_seconds` bounds an answer to a reader, `write_seconds` a single write call, `task_seconds` the work behind it.
    """

    def __init__(self, url: str, key: str, uid: str, search_seconds: float, write_seconds: float, task_seconds: float) -> None:
        self.url, self.key, self.uid = url, key, uid
        self.search_seconds = search_seconds
        self.write_seconds = write_seconds
        self.task_seconds = task_seconds
        self._signing: Key | None = None

    def client(self, key: str | None = None, seconds: float | None = None) -> Client:
        """A client for this call alone: the official one keeps its headers in a shared dictionary that threads would mix."""
        return Client(self.url, key or self.key, timeout=seconds or self.write_seconds)

    def finish(self, info: TaskInfo) -> None:
        """Wait until a change is done. Raises TaskFailed, IndexMissing or EngineUnavailable (not done in time)."""
        task = self.client().wait_for_task(info.task_uid, int(self.task_seconds * 1000), POLL_MS)
        if task.status == "succeeded":
            return
        error = task.error or {}
        code, detail = error.get("code") or task.status, f"task {task.uid}: {error.get('message')}"
        raise IndexMissing(detail) if code == "index_not_found" else TaskFailed(code, detail)

    def as_readers(self, rule: str, ask: Callable[[Client], Result]) -> Result:
        """Ask with a short-lived token that carries `rule` as a filter the server itself enforces.

        The key that signs is looked up once; when it was deleted meanwhile it is looked up or made anew, once.
        """
        signing = self._signing
        if signing is not None:
            try:
                with talking():
                    return ask(self._reader_client(signing, rule))
            except EngineRefused:
                self._signing = None
        with talking():
            self._signing = signing = self._search_key()
            return ask(self._reader_client(signing, rule))

    def _reader_client(self, signing: Key, rule: str) -> Client:
        token = self.client().generate_tenant_token(
            signing.uid, {self.uid: {"filter": rule}}, expires_at=datetime.now(UTC) + TOKEN_LIFE, api_key=signing.key)
        return self.client(token, self.search_seconds)

    def _search_key(self) -> Key:
        """Our own key that may only search our own index: a master key cannot sign tokens."""
        client, name = self.client(), f"portal search {self.uid}"
        for key in client.get_keys({"limit": 1000}).results:
            if (key.name, key.actions, key.indexes) == (name, ["search"], [self.uid]) and _alive(key):
                return key
        return client.create_key({"name": name, "description": "signs the tokens of readers", "actions": ["search"],
                                  "indexes": [self.uid], "expiresAt": None})


def _alive(key: Any) -> bool:
    return key.expires_at is None


def key_or_refused(key: str) -> str:
    """An empty key would be sent as the word `None` and refused without saying why."""
    if not key.strip():
        raise EngineRefused("no key is set")
    return key.strip()
