"""The engines under test: the folder one, the server one against the strict local server, and a real server when one is named.

`MEILI_URL` and `MEILI_KEY` name the real server; the tests make indexes of their own there and remove them.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from meilisearch import Client

from search.meilisearch_engine import MeilisearchEngine
from search.protocol import Engine
from search.tantivy_engine import TantivyEngine
from tests.search.meili_server import Server, running

KINDS = ["tantivy", "meilisearch", *(["server"] if os.environ.get("MEILI_URL") else [])]


@contextmanager
def real_engine() -> Iterator[MeilisearchEngine]:
    url, key = os.environ["MEILI_URL"], os.environ["MEILI_KEY"]
    uid = f"contract_{secrets.token_hex(4)}"
    try:
        yield MeilisearchEngine(url, key, uid)
    finally:
        client = Client(url, key)
        client.wait_for_task(client.delete_index(uid).task_uid, 60_000)
        for signing in client.get_keys({"limit": 1000}).results:
            if signing.name == f"portal search {uid}":
                client.delete_key(signing.uid)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def make_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Engine]]:
    """An empty engine of a kind, made anew at each call."""
    with ExitStack() as stack:
        local = stack.enter_context(running())

        def make(kind: str) -> Engine:
            if kind == "tantivy":
                folder: Path = tmp_path_factory.mktemp("index")
                return TantivyEngine(folder, wait=5.0)
            if kind == "server":
                return stack.enter_context(real_engine())
            # The local server builds its postings at the first question: seconds for the whole register.
            return MeilisearchEngine(local.url, local.key, f"enterprises_{secrets.token_hex(4)}", search_seconds=60.0)
        yield make


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, make_engine: Callable[[str], Engine]) -> Engine:
    """An engine without an index yet."""
    return make_engine(request.param)
