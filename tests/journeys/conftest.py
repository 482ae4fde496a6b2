"""The journeys' portal and its people: one live site per run, a fresh browser context for each person of each test."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import drop_database, make_database
from tests.journeys.person import WAIT, Someone, enter, sign_in
from tests.journeys.site import Site, running_site

Enters = Callable[..., Someone]
REFUSED = "the server responded with a status of 4"  # Chromium says so for each page that is not a 200
expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def site(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The live portal over a database of its own."""
    name = f"portal_journeys_{os.getpid()}"
    urls = make_database(cluster, name)
    with running_site(urls, tmp_path_factory.mktemp("site")) as running:
        yield running
    drop_database(cluster, name)


@pytest.fixture
def somebody(browser: Browser, site: Site) -> Iterator[Enters]:
    """`somebody("fund")`: a demo person, signed in; without a name somebody who has not signed in.

    When the test is over nobody's console may have complained, except of pages that are refusals.
    """
    people: list[Someone] = []

    def come(username: str = "", **how: object) -> Someone:
        person = enter(browser, site, **how)  # type: ignore[arg-type]
        people.append(person)
        return sign_in(person, username) if username else person

    yield come
    for person in people:
        person.context.close()
    heard = [line for person in people for line in person.heard if REFUSED not in line]
    assert heard == []
