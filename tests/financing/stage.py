"""A small board of its own for each test: enterprises in tiers and provinces, lenders, a fund, the operator; a browser for each."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.access.principals import KIND_PRINCIPALS, OPERATOR, PUBLIC, OrgKind
from portal.accounts import services as accounts
from portal.accounts.models import Organisation
from portal.accounts.queries import of_kind
from portal.config import Settings
from portal.core.clock import today
from portal.core.db import Database
from portal.core.ids import new_ref
from portal.enterprises.models import Enterprise
from portal.evidence.services import record_denial
from portal.grants.services import exclude
from portal.web.edge import Edge
from portal.web.factory import base_app
from portal.web.guards import assert_every_view_declares_access, public
from tests.pages import InspectingClient, client

CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass
class Stage:
    """Actors by a short name, over committed rows of the run's database."""

    database: Database
    app: Flask
    actors: dict[str, Actor] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    enterprises: dict[str, Enterprise] = field(default_factory=dict)
    current: Actor = ANONYMOUS

    def organisation(self, name: str, kind: OrgKind, *, until: date | None = None, role: str = "staff") -> Actor:
        """Make an organisation with one member, qualified until `until` (in 30 days); that member is the actor `name`."""
        with self.database.session() as db:
            made = accounts.create_organisation(db, kind=kind, name=f"{name}{new_ref()[:6]}")
            if kind is not OrgKind.ENTERPRISE:
                made.qualified_from, made.qualified_until = today() - timedelta(60), until or today() + timedelta(30)
            person = accounts.create_person(db, username=f"p{new_ref()}", email=f"{new_ref()}@example.com", name=f"{name}员")
            accounts.add_member(db, person, made, [role])
            db.commit()
        classes = of_kind(kind, made.qualified_from, made.qualified_until, today())
        actor = Actor(
            person_id=person.id, person_name=person.name, person_principal=person.principal, membership_id=1,
            organisation_id=made.id, organisation_name=made.name, organisation_principal=made.principal, kind=kind,
            roles=frozenset({role}), principals=tuple(sorted({PUBLIC, person.principal, made.principal, *classes})),
        )  # fmt: skip
        self.actors[name], self.organisations[name] = actor, made
        return actor

    def enterprise(self, name: str, *, tier: str | None = "cultivation", province: str | None = "650000", member: bool = True) -> Actor:
        """Make an enterprise with its organisation; `name` acts for it."""
        actor = self.organisation(name, OrgKind.ENTERPRISE)
        row = Enterprise(
            uscc="".join(secrets.choice(CODE) for _ in range(18)), name=actor.organisation_name, tier=tier, member=member,
            organisation_id=actor.organisation_id, owner=actor.organisation_principal, province_code=province,
        )  # fmt: skip
        registrar = (OPERATOR, KIND_PRINCIPALS[OrgKind.OPERATOR], actor.organisation_principal)
        with self.database.session(registrar) as db:  # type: ignore[arg-type]
            db.add(row)
            db.commit()
        self.enterprises[name] = row
        self.actors[name] = replace(actor, enterprise_id=row.id)
        return self.actors[name]

    def colleague(self, name: str, of: str, role: str = "staff") -> Actor:
        """Another member of `of`'s organisation."""
        first, organisation = self.actors[of], self.organisations[of]
        with self.database.session() as db:
            person = accounts.create_person(db, username=f"p{new_ref()}", email=f"{new_ref()}@example.com", name=f"{name}员")
            accounts.add_member(db, person, db.merge(organisation), [role])
            db.commit()
        principals = tuple(sorted({*first.principals, person.principal} - {first.person_principal}))
        self.organisations[name] = organisation
        self.actors[name] = replace(first, person_id=person.id, person_name=person.name, person_principal=person.principal,
                                    roles=frozenset({role}), principals=principals)  # type: ignore[arg-type] # fmt: skip
        return self.actors[name]

    def hide(self, enterprise: str, organisation: str) -> None:
        """The enterprise hides itself from the organisation."""
        with self.session(enterprise) as db:
            exclude(db, self.actors[enterprise], enterprise_id=self.enterprises[enterprise].id,
                    organisation_ref=self.organisations[organisation].ref)  # fmt: skip
            db.commit()

    def session(self, name: str) -> Session:
        return self.database.session(self.actors[name].principals)

    def do(self, name: str, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `verb(db, actor, …)` for `name` and commit."""
        with self.session(name) as db:
            made = verb(db, self.actors[name], *args, **kwargs)
            db.commit()
        return made

    def browser(self, name: str) -> InspectingClient:
        """A browser in which `name` is signed in."""
        self.app.extensions["portal"].load_actor = lambda db: self.current
        made, plain = client(self.app), None
        plain = made.open

        def opened(*args: Any, **kwargs: Any) -> Any:
            self.current = self.actors[name]
            return plain(*args, **kwargs)

        made.open = opened  # type: ignore[method-assign]
        return made

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements the web role's connections execute meanwhile, without the session's own settings."""
        said: list[str] = []

        def listen(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "set_config" not in statement:
                said.append(statement)

        event.listen(self.database.app, "before_cursor_execute", listen)
        yield said
        event.remove(self.database.app, "before_cursor_execute", listen)


def build(database: Database, settings: Settings, *blueprints: Blueprint) -> Flask:
    """An application of the features under test only."""
    app = base_app(settings, Edge(settings=settings, database=database, record_denial=record_denial))
    security = Blueprint("security", __name__)

    @security.get("/sign-in")
    @public
    def login() -> str:
        return "sign in"

    for blueprint in (*blueprints, security):
        app.register_blueprint(blueprint)
    assert_every_view_declares_access(app)
    return app
