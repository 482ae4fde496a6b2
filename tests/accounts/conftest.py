"""A small portal with accounts, notices and a home page: real requests over the run's real database."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, delete, event, text, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.access.principals import OrgKind
from portal.accounts.events import MailWanted
from portal.accounts.models import Membership, Organisation, Person, SignInAttempt
from portal.accounts.security import init_accounts
from portal.accounts.services import add_member, create_organisation, create_person
from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database
from portal.core.events import registry
from portal.core.ids import new_ref
from portal.notices.services import mail_wanted
from portal.notices.views import init_notices
from portal.web.edge import Edge, current_actor
from portal.web.factory import base_app
from portal.web.guards import assert_every_view_declares_access, public

PASSWORD = "天山-Orchard-42"


def build(settings: Settings, database: Database) -> Flask:
    app = base_app(settings, Edge(settings=settings, database=database))
    home = Blueprint("home", __name__)

    @home.get("/")
    @public
    def start() -> dict[str, Any]:
        actor = current_actor()
        return {"person": actor.person_id, "organisation": actor.organisation_id, "words": list(actor.words)}

    app.register_blueprint(home)
    registry.connect(MailWanted, mail_wanted)
    init_accounts(app, settings)
    init_notices(app, settings)
    assert_every_view_declares_access(app)
    app.testing = True
    return app


@pytest.fixture(scope="session")
def app(settings: Settings, database: Database) -> Flask:
    return build(settings, database)


@pytest.fixture
def work(database: Database) -> Iterator[Session]:
    """A session whose work is committed at once: what requests read."""
    with database.session() as db:
        yield db
        db.commit()


@pytest.fixture(autouse=True)
def nobody_has_failed(database: Database) -> None:
    with database.session() as db:
        db.execute(delete(SignInAttempt))
        db.commit()


@pytest.fixture
def later(urls: Urls) -> Iterator[Callable[[timedelta], None]]:
    """Let time pass for the counted failures; the web role cannot, it may only add and forget them."""
    owner = create_engine(urls.owner)

    def pass_(by: timedelta) -> None:
        with owner.begin() as connection:
            connection.execute(update(SignInAttempt).values(at=SignInAttempt.at - by))

    yield pass_
    owner.dispose()


@dataclass
class User:
    """Somebody made for one test."""

    person: Person
    memberships: list[Membership] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)

    @property
    def username(self) -> str:
        return self.person.username


@pytest.fixture
def make_user(database: Database, settings: Settings) -> Callable[..., User]:
    def make(*kinds: OrgKind, roles: tuple[str, ...] = ("admin",), password: str | None = PASSWORD, demo: bool = False) -> User:
        word = "u" + new_ref()
        with database.session() as db:
            person = create_person(
                db, username=word, email=f"{word}@beiting.example", name="沙梅", password=password,
                pepper=settings.portal_password_salt,
            )  # fmt: skip
            user = User(person)
            for kind in kinds:
                house = create_organisation(db, kind=kind, name=f"演示机构 {new_ref()}", demo=demo)
                user.organisations.append(house)
                user.memberships.append(add_member(db, person, house, roles))
            db.commit()
        return user

    return make


class Browser(FlaskClient):
    """A client that fills the CSRF field in from the page a form stands on, as a browser does."""

    def page(self, path: str, status: int = 200, **kwargs: Any) -> str:
        answer = self.get(path, **kwargs)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:400])
        return answer.text

    def send(self, page: str, action: str | None = None, **fields: str) -> TestResponse:
        """Open `page`, then post `fields` to `action` (the page itself) with that page's hidden fields."""
        text_ = self.get(page).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text_) or re.search(r'value="([^"]+)"[^>]*name="csrf_token"', text_)
        assert found, text_[:500]
        target = action or page.partition("?")[0]
        return self.post(target, data={"csrf_token": unescape(found[1]), **fields}, headers={"Referer": "http://localhost" + page})

    def sign_in(self, username: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.send("/sign-in", username=username, password=password, **fields)

    def who(self) -> dict[str, Any]:
        return self.get("/").get_json()


@pytest.fixture
def open_browser(app: Flask) -> Callable[..., Browser]:
    app.test_client_class = Browser

    def open_(address: str = "192.0.2.10", agent: str = "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0") -> Browser:
        client = app.test_client()
        client.environ_base.update(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
        return client  # type: ignore[return-value]

    return open_


def mails_to(database: Database, address: str) -> list[str]:
    with database.system_session() as db:
        return list(db.scalars(text("select body from portal.mail where recipient = :to order by id"), {"to": address}))


def statements(database: Database, act: Callable[[], Any]) -> int:
    """How many statements the app's role sends during `act`."""
    count = 0

    def note(_connection: Any, _cursor: Any, _statement: str, *_more: Any) -> None:
        nonlocal count
        count += 1

    event.listen(database.app, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(database.app, "before_cursor_execute", note)
    return count
