"""The start-up guard: a view without declared access stops the start."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.access.actions import Action
from portal.access.actor import ANONYMOUS, Actor
from portal.access.principals import OrgKind
from portal.access.roles import ROLE_TABLE, allows
from portal.web.guards import UndeclaredAccess, assert_every_view_declares_access, declare, public, requires


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask(__name__)

    @app.get("/open")
    @public
    def open_view() -> str:
        return "open"

    @app.get("/guarded")
    @requires(Action.OPERATE)
    def guarded() -> str:
        return "guarded"

    yield app


def test_declared_views_pass(app: Flask) -> None:
    assert_every_view_declares_access(app)


def test_a_view_without_declared_access_stops_the_start(app: Flask) -> None:
    @app.get("/forgotten")
    def forgotten() -> str:
        return "forgotten"

    with pytest.raises(UndeclaredAccess, match="forgotten"):
        assert_every_view_declares_access(app)


def test_declaring_what_a_library_does_not_serve_is_refused(app: Flask) -> None:
    with pytest.raises(UndeclaredAccess, match="security.nothing"):
        declare(app, {"security.nothing": "public"})


def test_every_action_has_a_rule_with_its_ground() -> None:
    assert set(ROLE_TABLE) == set(Action)
    assert all(rule.ground for rule in ROLE_TABLE.values())


def test_default_deny() -> None:
    """Nobody, a person without a membership and a kind outside the rule may do nothing but use their own account."""
    for action in Action:
        assert not ANONYMOUS.may(action)
        lonely = Actor(person_id=1)
        assert lonely.may(action) is (action is Action.ACCOUNT_USE)
        for kind in OrgKind:
            opened = allows(action, anonymous=False, kind=kind, roles=frozenset({"admin"}), board=True)
            assert opened is (action is Action.ACCOUNT_USE or kind in ROLE_TABLE[action].kinds)


def test_a_viewer_changes_nothing() -> None:
    for action in (Action.DISCLOSURE_PUBLISH, Action.PRODUCT_POST, Action.APPLICATION_DECIDE, Action.REPORT_WRITE, Action.OPERATE):
        for kind in ROLE_TABLE[action].kinds:
            assert not allows(action, anonymous=False, kind=kind, roles=frozenset({"viewer"}), board=True)


def test_the_board_needs_entitlement() -> None:
    for kind in ROLE_TABLE[Action.BOARD_BROWSE].kinds:
        assert not allows(Action.BOARD_BROWSE, anonymous=False, kind=kind, roles=frozenset({"admin"}), board=False)
