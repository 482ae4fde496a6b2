"""A small board of its own for each test: an enterprise with people, a fund, two banks, a stranger, and a browser for each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Blueprint, Flask
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import PUBLIC, OrgKind
from portal.accounts import services as accounts
from portal.accounts.models import Organisation
from portal.accounts.queries import of_kind
from portal.config import Settings
from portal.core.clock import today
from portal.core.connect import Urls
from portal.core.db import Database, make_engine
from portal.core.ids import new_ref
from portal.core.storage import Store
from portal.disclosures import drafts, services
from portal.disclosures.models import Disclosure
from portal.disclosures.views import bp
from portal.evidence.services import record_denial
from portal.web.edge import Edge
from portal.web.factory import base_app
from portal.web.guards import public
from tests.pages import InspectingClient, client


def pdf(pages: int = 1, text: str = "page", password: str | None = None) -> bytes:
    """A real PDF."""
    out = BytesIO()
    lock = StandardEncryption(password, ownerPassword="owner") if password is not None else None
    canvas = Canvas(out, encrypt=lock)
    for number in range(pages):
        canvas.drawString(72, 720, f"{text} {number + 1}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@dataclass
class World:
    """Actors by a short name, over committed rows of the run's database."""

    database: Database
    store: Store
    app: Flask
    actors: dict[str, Actor] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    enterprises: int = 0

    def organisation(self, name: str, kind: OrgKind, people: int = 1, *, qualified: bool = True) -> Actor:
        """Make an organisation with `people` members; its first one becomes the actor `name`."""
        with self.database.session() as db:
            made = accounts.create_organisation(db, kind=kind, name=f"{name}{new_ref()[:6]}")
            if qualified and kind is not OrgKind.ENTERPRISE:
                made.qualified_from, made.qualified_until = today() - timedelta(1), today() + timedelta(30)
            persons = [
                accounts.create_person(db, username=f"p{new_ref()}", email=f"{new_ref()}@example.com", name=f"{name}{n}")
                for n in range(people)
            ]
            for person in persons:
                accounts.add_member(db, person, made, ["admin"])
            db.commit()
        classes = of_kind(kind, made.qualified_from, made.qualified_until, today())
        first = persons[0]
        actor = Actor(
            person_id=first.id, person_name=first.name, person_principal=first.principal, membership_id=1,
            organisation_id=made.id, organisation_name=made.name, organisation_principal=made.principal, kind=kind,
            roles=frozenset({"admin"}), principals=tuple(sorted({PUBLIC, first.principal, made.principal, *classes})),
            words=("public",), enterprise_id=made.id + 10_000 if kind is OrgKind.ENTERPRISE else None,
        )  # fmt: skip
        self.actors[name], self.organisations[name] = actor, made
        return actor

    def session(self, name: str) -> Session:
        return self.database.session(self.actors[name].principals)

    def browser(self, name: str) -> InspectingClient:
        self.app.extensions["portal"].load_actor = lambda db: self.current
        made = client(self.app)
        world, actor = self, self.actors[name]
        plain = made.open

        def opened(*args: object, **kwargs: object) -> object:
            world.current = actor
            return plain(*args, **kwargs)  # type: ignore[arg-type]

        made.open = opened  # type: ignore[method-assign]
        return made

    current: Actor = field(default_factory=Actor)

    def draft(self, name: str = "firm", *, title: str = "十月快报", body: str = "轴承交付 138 套。", files: int = 0) -> Disclosure:
        with self.session(name) as db:
            item = drafts.save_draft(db, self.actors[name], kind="periodic", title=title, body=body)
            for number in range(files):
                drafts.add_document(
                    db, self.actors[name], self.store, item.ref, name=f"月报{number}.pdf", data=pdf(2, f"{title}{number}")
                )
            db.commit()
        return item

    def published(self, *to: str, name: str = "firm", files: int = 0, days: int = 30, basis: str = "will", **words: str) -> Disclosure:
        """An item of `name` given to actors by short name, or to words such as `qualified`."""
        return self.share(self.draft(name, files=files, **words), *to, name=name, days=days, basis=basis)

    def share(self, item: Disclosure, *to: str, name: str = "firm", days: int = 30, basis: str = "will") -> Disclosure:
        with self.session(name) as db:
            words = [self.organisations[one].ref if one in self.organisations else one for one in to]
            until = today() + timedelta(days)
            seen = services.preview(db, self.actors[name], item.ref, audience_words=words, basis=basis, until=until)
            made = services.publish(
                db, self.actors[name], item.ref, audience=words, basis=basis, purpose="投后信息权", until=until,
                agreed=seen.reach.organisations,
            )  # fmt: skip
            db.commit()
        return made

    def viewer(self, name: str, roles: str = "viewer") -> str:
        """The same person with other roles, under a name of its own."""
        self.actors[f"{name}-{roles}"] = replace(self.actors[name], roles=frozenset({roles}))
        return f"{name}-{roles}"


@pytest.fixture
def world(database: Database, settings: Settings) -> Iterator[World]:
    store = Store(settings)
    edge = Edge(settings=settings, database=database, record_denial=record_denial, store=store)
    app = base_app(settings, edge)
    app.register_blueprint(bp)
    app.register_blueprint(_sign_in())
    made = World(database, store, app)
    made.organisation("firm", OrgKind.ENTERPRISE, 2)
    made.organisation("fund", OrgKind.FUND_MANAGER, 3)
    made.organisation("bank", OrgKind.BANK, 2)
    made.organisation("lender", OrgKind.BANK, 1)
    made.organisation("stranger", OrgKind.GUARANTOR, 1)
    made.organisation("rival", OrgKind.ENTERPRISE, 1)
    yield made
    for name in made.actors:  # what was given to whole classes must not stand in the next test's lists
        with made.session(name) as db:
            db.execute(text("update portal.access_grant set revoked_at = now() where revoked_at is null"))
            db.commit()


def _sign_in() -> Blueprint:
    security = Blueprint("security", __name__)

    @security.get("/sign-in")
    @public
    def login() -> str:
        return "sign in"

    return security


@pytest.fixture(scope="session")
def admin(urls: Urls) -> Iterator[Engine]:
    """The run's database as its administrator, under no policy."""
    assert urls.admin is not None
    made = make_engine(urls.admin)
    yield made
    made.dispose()
