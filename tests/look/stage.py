"""The look on its own: a Jinja environment as strict as the application's, without Flask, and the values that its context
processor gives to every page."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.web.format import FILTERS, GLOBALS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@dataclass(frozen=True)
class NavItem:
    label: str
    href: str
    current: bool = False
    count: int = 0


@dataclass(frozen=True)
class Link:
    label: str
    href: str


@dataclass(frozen=True)
class Person:
    is_anonymous: bool = False
    person_name: str = "罗砚秋"
    organisation_name: str = "砚台山私募基金"


@dataclass(frozen=True)
class Checkpoint:
    size: int = 1_204_331
    at: datetime = datetime(2026, 11, 20, 6, 32, 5, tzinfo=UTC)


NAVIGATION = [NavItem("企业", "/enterprises", True), NavItem("披露给我的", "/disclosures", count=6), NavItem("路演", "/roadshows"), NavItem("存证", "/evidence/checkpoint")]


def environment(flashes: tuple[tuple[str, str], ...] = ()) -> Environment:
    """StrictUndefined and autoescape as in production; texts untranslated."""
    env = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, extensions=["jinja2.ext.i18n"])
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(FILTERS)
    env.globals.update(GLOBALS)
    env.globals.update(asset=lambda path: f"/static/{path}", csrf_token=lambda: "token", get_flashed_messages=lambda with_categories=False: list(flashes))
    return env


def frame(**changes: Any) -> dict[str, Any]:
    """What the application gives to every page."""
    return {
        "nav_items": NAVIGATION, "actor": Person(), "operator_name": "北庭股权交易中心", "short_name": "北庭股权", "board_name": "专精特新专板", "checkpoint": Checkpoint(),
        "account_links": [Link("换一个身份", "/account/membership"), Link("密码与登录", "/account")],
        "footer_links": [Link("规则与出处", "/rules")], **changes,
    }
