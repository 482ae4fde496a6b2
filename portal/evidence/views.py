"""Pages of the log: who used what, one receipt, and the checkpoint for strangers."""

from itertools import groupby

from flask import Blueprint, Response, render_template, request, url_for

from portal.access.actions import Action
from portal.access.basis import Basis
from portal.access.principals import OrgKind
from portal.core.clock import local
from portal.evidence import queries
from portal.evidence.kinds import KIND_NAMES, details, kind_name, summary
from portal.evidence.models import RESULTS
from portal.evidence.naming import names
from portal.evidence.notes import verifier
from portal.web.edge import current_actor, current_db, edge
from portal.web.guards import public, requires

bp = Blueprint("evidence", __name__, url_prefix="/evidence")


@bp.get("")
@requires(Action.EVIDENCE_READ)
def index() -> str:
    """What the reader may open: uses of its own information and its own acts, newest first."""
    actor = current_actor()
    kind, result = _chosen("kind", KIND_NAMES), _chosen("result", RESULTS)
    before, after = request.args.get("before"), request.args.get("after")
    page = queries.list_entries(current_db(), actor, kind=kind, result=result, before=before, after=after)
    lines = [(entry, summary(entry.kind, entry.said["about"])) for entry in page.entries]
    days = [(day, list(shown)) for day, shown in groupby(lines, key=lambda line: local(line[0].at).date())]
    named = names(current_db(), actor, [item for _entry, line in lines for item in line.items])
    return render_template(
        "evidence/index.html", page=page, days=days, kind=kind, result=result, kinds=_kinds(), named=named,
        basis_kinds=frozenset(Basis), of_enterprise=actor.kind is OrgKind.ENTERPRISE, filtered=bool(kind or result),
        newer=_neighbour(kind, result, after=page.newer), older=_neighbour(kind, result, before=page.older),
    )  # fmt: skip


@bp.get("/receipts/<ref>")
@requires(Action.EVIDENCE_READ)
def receipt(ref: str) -> str:
    """The receipt of one record, with its proof."""
    found = queries.get_receipt(current_db(), current_actor(), ref)
    said = found.entry.said
    line = summary(found.entry.kind, said["about"])
    named = names(current_db(), current_actor(), line.items)
    return render_template(
        "evidence/receipt.html", receipt=found, entry=found.entry, who=said["actor"], kind=kind_name(found.entry.kind),
        details=details(said["about"]), line=line, named=named,
    )  # fmt: skip


@bp.get("/checkpoint")
@public
def checkpoint() -> Response:
    """The newest signed checkpoint, byte for byte: whoever keeps one can later show that the log was not rewritten."""
    newest = queries.latest_note(current_db())
    if newest is None:
        return _plain("还没有封存点。第一条记录封存以后，这里给出签名的检查点。\n", 404)
    return _plain(newest.note)


@bp.get("/checkpoint.pub")
@public
def checkpoint_key() -> Response:
    """The log's public key as a C2SP verifier key."""
    return _plain(verifier(edge().settings).text + "\n")


def _plain(body: str, status: int = 200) -> Response:
    return Response(body, status, content_type="text/plain; charset=utf-8")


def _chosen(name: str, known: object) -> str | None:
    value = request.args.get(name, "")
    return value if value in known else None  # type: ignore[operator]


def _kinds() -> list[tuple[str, str]]:
    """The filter's choices; they are the words of the log, not what this reader's records happen to hold."""
    return [("", "全部动作"), *KIND_NAMES.items()]


def _neighbour(kind: str | None, result: str | None, **at: str | None) -> str:
    if not any(at.values()):
        return ""
    return url_for("evidence.index", kind=kind or None, result=result or None, **at)
