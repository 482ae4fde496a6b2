"""Two migrated scratch databases and the two portals over them, for the whole run."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from portal.access.principals import OrgKind
from portal.access.roles import allows
from portal.cli.demo.paper import pdf
from portal.config import Settings
from portal.core.clock import now
from portal.core.storage import Store
from portal.migrations.run import upgrade
from portal.web.guards import PUBLIC
from tests.conftest import drop_database, make_database
from tests.surfaces.reference import BOARD, erased, reader
from tests.surfaces.stage import Ask, Portal, Unequal, compare, opened
from tests.surfaces.world import World


@dataclass
class Stage:
    """The portal with the whole world and the one with what a reader may read, and one document that every item carries."""

    whole: Portal
    part: Portal
    store: Store
    paper: dict[str, object]

    @property
    def now(self) -> datetime:
        """The moment of a world: whole seconds, so that it looks the same however it is written."""
        return now().astimezone(UTC).replace(microsecond=0)

    def set(self, world: World, username: str) -> World:
        """Write the world, and erased for that person; returns the latter."""
        self.equip(world)
        left = erased(world, username)
        self.whole.write(world)
        self.part.write(left)
        return left

    def equip(self, world: World) -> None:
        """Give documents and reports a content."""
        for row in world["disclosure_document"]:
            row.update(self.paper)
        for row in world["report"]:
            for kept in (row["files"] or {}).values():
                kept.update(key=self.paper["storage_key"], sha256=self.paper["sha256"], size=self.paper["size"])

    def may(self, username: str, world: World) -> Callable[[str], bool]:
        """Whether the role table opens an endpoint to that person; what they may read there is not asked."""
        who = reader(world, username)
        kind = OrgKind(who.organisation["kind"]) if who.organisation else None
        roles = frozenset(["viewer"] if username == "colleague" else ["admin", "staff"])

        def opens(endpoint: str) -> bool:
            access = getattr(self.whole.app.view_functions[endpoint], "__access__", PUBLIC)
            return access == PUBLIC or allows(access, anonymous=who.person is None, kind=kind, roles=roles, board=BOARD in who.principals)

        return opens

    def hold(self, username: str, asks: list[Ask], browsers: tuple[FlaskClient, FlaskClient] | None = None) -> None:
        """Ask both portals the same and compare each answer, and at the end what the log was told. Raises Unequal.

        What is refused as absent takes the same statements too.
        """
        whole, part = browsers or (self.whole.browser(username), self.part.browser(username))
        for ask in asks:
            answers = self.whole.ask(whole, ask), self.part.ask(part, ask)
            assert answers[1].status < 500 or ask.surface == "health.readyz", (str(ask), answers[1].body.decode())
            compare(ask, *answers, statements=answers[1].status == 404)
        if self.whole.recorded() != self.part.recorded():
            raise Unequal(f"{username}: the log was told otherwise\n{self.whole.recorded()}\n{self.part.recorded()}")


@pytest.fixture(scope="session")
def stage(cluster: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    names = [f"surfaces_{part}_{os.getpid()}" for part in ("whole", "part")]
    made = [make_database(cluster, name) for name in names]
    for urls in made:
        owner = create_engine(urls.owner or "")
        upgrade(owner)
        owner.dispose()
    # The demo's sign-in page names its people; an installation's names nobody.
    plain = settings.model_copy(update={"portal_demo": False})
    store = Store(plain)
    data = pdf("附件", "演练", ["正文"])
    paper = {"storage_key": store.put(data), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    folders = [tmp_path_factory.mktemp(part) for part in ("whole", "part")]
    with opened(Portal(plain, made[0], folders[0], store)) as whole, opened(Portal(plain, made[1], folders[1], store)) as part:
        yield Stage(whole, part, store, paper)
    for name in names:
        drop_database(cluster, name)
