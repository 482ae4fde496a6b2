"""Every surface of the portal by endpoint: which addresses of it are asked for in a given world.

Addresses name everything in the world, readable or not: what hidden things answer must be what absent ones do.
"""

from collections.abc import Callable, Iterable, Iterator
from random import Random
from urllib.parse import quote

from portal.disclosures.cursor import Cursor
from tests.surfaces.stage import Ask
from tests.surfaces.world import SECTIONS, Row, World, ref_of

Addresses = Callable[[World], Iterable[str]]
ABSENT = ref_of("absent")
FRAGMENT = (("HX-Request", "true"),)


def _each(table: str, form: str, key: str = "ref") -> Addresses:
    """`form` for every row of the table and for one that never was."""
    return lambda world: [form.format(row[key]) for row in world[table]] + [form.format(ABSENT)]


def _is(*paths: str) -> Addresses:
    return lambda _world: paths


def _documents(form: str) -> Addresses:
    def made(world: World) -> Iterator[str]:
        for row in world["disclosure_document"]:
            yield form.format(world.one("disclosure", id=row["disclosure_id"])["ref"], row["ref"])
        for row in world["disclosure"][:1]:
            yield form.format(row["ref"], ABSENT)

    return made


def _ties(form: str, kind: str) -> Addresses:
    def made(world: World) -> Iterator[str]:
        items = {row["id"]: row for row in world["disclosure" if kind == "disclosure" else "profile_section"]}
        for grant in world["access_grant"]:
            if grant["object_kind"] == kind and grant["purpose"] != "了解进展":
                yield _tied(world, form, items[grant["object_id"]], grant["ref"])
        for row in list(items.values())[:1]:
            yield _tied(world, form, row, ABSENT)

    return made


def _tied(world: World, form: str, item: Row, ref: str) -> str:
    uscc = world.one("enterprise", id=item["enterprise_id"])["uscc"]
    return form.format(uscc=uscc, key=item.get("key", ""), item=item["ref"], grant=ref)


def _board(world: World) -> Iterator[str]:
    """The board's list: by every word of a name, every filter, every order, across pages, over the whole register."""
    yield "/enterprises"
    for sort in ("name", "founded", "oldest", "capital"):
        yield f"/enterprises?scope=all&sort={sort}"
    yield from ("/enterprises?page=2", "/enterprises?scope=all&page=2", "/enterprises?page=9")
    for text in ("轴承", "风电主轴", "昌吉", "旧名", "zhoucheng", "天工 工业软件", "没有这家"):
        yield f"/enterprises?q={quote(text)}"
    for row in [*world["enterprise"]][:5]:
        yield f"/enterprises?scope=all&q={row['uscc']}"
    for narrowed in ("province=650000", "province=530000&scope=all&q=%E8%BD%B4%E6%89%BF", "tier=hatch&tier=standard", "category=champion",
                     "industry=C&industry=34", "city=652300&province=650000&tier=cultivation"):  # fmt: skip
        yield f"/enterprises?{narrowed}"


def _suggestions(_world: World) -> Iterator[str]:
    for text in ("", "轴承", "昌吉", "天工", "旧名", "gang", "xj"):
        yield f"/enterprises/suggest?q={quote(text)}"


def _sections(world: World) -> Iterator[str]:
    for row in world["enterprise"][:5]:
        for key in (*SECTIONS[:2], "unknown"):
            yield f"/enterprises/{row['uscc']}/profile/{key}"


def _disclosures(world: World) -> Iterator[str]:
    """One's own list and what was given; going on from items of anybody."""
    yield "/disclosures"
    yield "/disclosures?view=received"
    for text in ("季度", "披露正文2", "轴承"):
        yield f"/disclosures?view=received&q={quote(text)}"
    for row in world["disclosure"][:4]:
        token = Cursor(row["updated_at"], row["ref"]).token
        yield f"/disclosures?before={token}"
        yield f"/disclosures?view=received&before={token}"


def _evidence(world: World) -> Iterator[str]:
    yield from ("/evidence", "/evidence?kind=read", "/evidence?kind=grant.made", "/evidence?result=denied", "/evidence?kind=unknown")
    for row in world["opening"][:4]:
        yield f"/evidence?before={row['record']}"
        yield f"/evidence?after={row['record']}"


def _shelf(_world: World) -> Iterator[str]:
    yield from ("/credit-products", "/credit-products?amount=500", "/credit-products?term=24", "/credit-products?collateral=patent",
                "/credit-products?amount=x", "/credit-products?page=2")  # fmt: skip


def _reports(form: str) -> Addresses:
    """`form` with each report and each kind of file or sheet."""
    parts = [form.format(ref="{}", part=part) for part in (FILES if "{part}" in form else ("",))]
    return lambda world: [path for part in parts for path in _each("report", part)(world)]


FILES = ("xbri", "xhtml", "xml", "json")
SURFACES: dict[str, Addresses] = {
    "evidence.index": _evidence,
    "evidence.receipt": _each("opening", "/evidence/receipts/{}", "record"),
    "evidence.checkpoint": _is("/evidence/checkpoint"),
    "home.index": _is("/"),
    "screening.index": _board,
    "screening.suggest": _suggestions,
    "enterprises.show": _each("enterprise", "/enterprises/{}", "uscc"),
    "enterprises.mine": _is("/my-enterprise"),
    "enterprises.profile": _each("enterprise", "/enterprises/{}/profile", "uscc"),
    "enterprises.section": _sections,
    "hiding.index": _is("/my-enterprise/hidden-from"),
    "disclosures.index": _disclosures,
    "disclosures.show": _each("disclosure", "/disclosures/{}"),
    "disclosures.document": _documents("/disclosures/{}/documents/{}"),
    "disclosures.new": _is("/disclosures/new"),
    "disclosures.edit": _each("disclosure", "/disclosures/{}/edit"),
    "disclosures.discard": _each("disclosure", "/disclosures/{}/discard"),
    "disclosures.publish": _each("disclosure", "/disclosures/{}/publish"),
    "disclosures.revoke": _ties("/disclosures/{item}/grants/{grant}/revoke", "disclosure"),
    "disclosures.withdraw": _each("disclosure", "/disclosures/{}/withdraw"),
    "financing.products": _shelf,
    "financing.product": _each("credit_product", "/credit-products/{}"),
    "financing.apply": _each("credit_product", "/credit-products/{}/apply"),
    "financing.edit_product": _each("credit_product", "/credit-products/{}/edit"),
    "financing.new_product": _is("/credit-products/new"),
    "financing.applications": _is("/applications", "/applications?page=2"),
    "financing.application": _each("application", "/applications/{}"),
    "financing.withdraw": _each("application", "/applications/{}/withdraw"),
    "roadshows.index": _is("/roadshows", "/roadshows?past=1", "/roadshows?page=2"),
    "roadshows.show": _each("roadshow", "/roadshows/{}"),
    "roadshows.calendar": _each("roadshow", "/roadshows/{}/event.ics"),
    "roadshows.leave": _each("roadshow", "/roadshows/{}/leave"),
    "roadshows.new": _is("/roadshows/new"),
    "roadshows.edit": _each("roadshow", "/roadshows/{}/edit"),
    "roadshows.cancel": _each("roadshow", "/roadshows/{}/cancel"),
    "roadshows.participants": _each("roadshow", "/roadshows/{}/participants"),
    "roadshows.participants_csv": _each("roadshow", "/roadshows/{}/participants.csv"),
    "reports.index": _is("/reports"),
    "reports.new": _is("/reports/new", "/reports/new?year=2024"),
    "reports.show": _each("report", "/reports/{}"),
    "reports.progress": _each("report", "/reports/{}/progress"),
    "reports.sheet": _each("report", "/reports/{}/sheet"),
    "reports.about": _each("report", "/reports/{}/about"),
    "reports.download": _reports("/reports/{ref}/{part}"),
    "oversight.operator": _is("/operator"),
    "oversight.index": _is("/oversight", "/oversight?year=2024", "/oversight?state=filed", "/oversight?page=2"),
    "oversight.export": _is("/oversight/filings.csv", "/oversight/filings.csv?year=2025"),
    "accounts.account": _is("/account"),
    "accounts.organisations": _is("/operator/organisations", "/operator/organisations?q=%E9%93%B6%E8%A1%8C",
                                  "/operator/organisations?kind=bank&page=2"),
    "accounts.organisation": _each("organisation", "/operator/organisations/{}"),
    "security.login": _is("/sign-in"),
    "health.readyz": _is("/readyz"),
}
"""By endpoint, the log first: what is asked later is recorded and would stand in it."""

EXEMPT = {
    "static": "files of the project, the same for everybody",
    "health.healthz": "a constant",
    "health.metrics": "counts of requests by endpoint, for this machine and a monitoring token only; names no object",
    "evidence.checkpoint_key": "the log's public key",
    "security.change_password": "a form with nothing in it but tokens",
    "security.forgot_password": "a form with nothing in it but tokens",
    "security.reset_password": "depends on a secret letter, not on what can be read",
}
"""GET endpoints that show nothing of any world, each with the reason."""

POSTS: dict[str, Addresses] = {
    "enterprises.section": _sections,
    "enterprises.open_to": lambda world: [f"{path}/readers" for path in _sections(world)],
    "enterprises.close": _ties("/enterprises/{uscc}/profile/{key}/readers/{grant}/close", "section"),
    "hiding.end": _each("organisation", "/my-enterprise/hidden-from/{}/end"),
    "disclosures.edit": SURFACES["disclosures.edit"],
    "disclosures.discard": SURFACES["disclosures.discard"],
    "disclosures.publish": SURFACES["disclosures.publish"],
    "disclosures.revoke": SURFACES["disclosures.revoke"],
    "disclosures.withdraw": SURFACES["disclosures.withdraw"],
    "disclosures.remove_document": _documents("/disclosures/{}/documents/{}/remove"),
    "financing.edit_product": SURFACES["financing.edit_product"],
    "financing.open_product": _each("credit_product", "/credit-products/{}/open"),
    "financing.close_product": _each("credit_product", "/credit-products/{}/close"),
    "financing.apply": SURFACES["financing.apply"],
    "financing.decide": _each("application", "/applications/{}/decide"),
    "financing.withdraw": SURFACES["financing.withdraw"],
    "roadshows.register": _each("roadshow", "/roadshows/{}/register"),
    "roadshows.leave": SURFACES["roadshows.leave"],
    "roadshows.edit": SURFACES["roadshows.edit"],
    "roadshows.open_registration": _each("roadshow", "/roadshows/{}/open"),
    "roadshows.close_registration": _each("roadshow", "/roadshows/{}/close"),
    "roadshows.cancel": SURFACES["roadshows.cancel"],
    "reports.sheet": SURFACES["reports.sheet"],
    "reports.about": SURFACES["reports.about"],
    "reports.check": _each("report", "/reports/{}/check"),
    "reports.file": _each("report", "/reports/{}/file"),
    "reports.correct": _each("report", "/reports/{}/correct"),
    "accounts.organisation": SURFACES["accounts.organisation"],
}
"""Endpoints that act on something named in the address, by whichever way it is posted to."""

FORM = (
    ("title", "题目"), ("body", "文字"), ("kind", "notice"), ("reason", "原因"), ("purpose", "用途"), ("audience", "qualified"),
    ("until", "2030-01-01"), ("basis", "will"), ("amount", "500"), ("term", "12"), ("answer", "accept"), ("name", "产品"),
    ("version", "1"), ("confirm", "y"),
)  # fmt: skip
"""One filling-in for all forms: each takes from it what it knows."""


def asks(world: World, chance: Random, *, may: Callable[[str], bool], most: int = 3) -> list[Ask]:
    """GETs of every surface, at most `most` of each, some with their HEAD, and the board's list as a script asks for it.

    `may` says whether the role table opens an endpoint to the reader: where it does not, one address now and then says it all.
    """
    made: list[Ask] = []
    for endpoint, addresses in SURFACES.items():
        for path in _some(list(addresses(world)), chance, most if may(endpoint) else chance.choice([0, 0, 1])):
            made.append(Ask(endpoint, path))
            if chance.random() < 0.25:
                made.append(Ask(endpoint, path, "HEAD", headers=(("If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT"),)))
    if may("screening.index"):
        made += [Ask("screening.index", path, headers=FRAGMENT) for path in chance.sample(list(_board(world)), 2)]
    machine = (("Accept", "application/json"),)
    return [*made, Ask("errors", "/nowhere"), Ask("errors", f"/disclosures/{ABSENT}", headers=machine)]


def _some(paths: list[str], chance: Random, most: int) -> list[str]:
    return chance.sample(paths, min(len(paths), most))


def posts(world: World, left: World, chance: Random, *, may: Callable[[str], bool], most: int = 3) -> list[Ask]:
    """Posts to what `left` no longer has: a post to something readable might act."""
    kept = {row[key] for table in left.rows for row in left[table] for key in ("ref", "uscc", "record") if key in row}
    made: list[Ask] = []
    for endpoint, addresses in POSTS.items():
        paths = [path for path in addresses(world) if not kept & set(path.split("/"))]
        some = _some(paths, chance, most if may(endpoint) else chance.choice([0, 0, 1]))
        made += [Ask(endpoint, path, "POST", FORM) for path in some]
    return made
