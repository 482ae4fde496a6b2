"""An enterprise's page, and the pages on which it writes its profile and decides who reads it."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.core.clock import local
from portal.core.errors import Invalid, NotFound
from portal.core.ids import new_ref
from portal.enterprises import industries, regions
from portal.enterprises.forms import AudienceForm, CloseForm, SectionForm
from portal.enterprises.labels import CATEGORIES, SECTION_HINTS, SECTIONS, TIERS, hundredths
from portal.enterprises.models import Carrier, Category, Enterprise, SectionKey, Tier
from portal.enterprises.panels import PAGE
from portal.enterprises.queries import (
    ReadableSection,
    addressees,
    facts_of,
    get_enterprise,
    own_by_code,
    own_enterprise,
    own_sections,
    sections_of,
)
from portal.enterprises.register import LABELS
from portal.enterprises.services import close_section, open_section, save_section, show_sections
from portal.web.edge import current_actor, current_db
from portal.web.panels import PanelView
from portal.web.guards import requires

bp = Blueprint("enterprises", __name__)
Reason = tuple[str, str | None, str]


# Open to every signed-in person: an enterprise's own people have no right to browse the board, yet see their own page.
# The query decides for each code, and refuses hidden and absent ones alike.
@bp.get("/enterprises/<uscc>")
@requires(Action.ACCOUNT_USE)
def show(uscc: str) -> str:
    """The page of one enterprise, made of what this reader may read."""
    db, actor = current_db(), current_actor()
    enterprise = get_enterprise(db, actor, uscc)
    facts = {fact.concept: fact for fact in facts_of(db, actor, enterprise.id, Carrier.REGISTER)}
    sections = sections_of(db, actor, enterprise.id)
    show_sections(db, actor, enterprise, [(item.section.ref, item.section.version) for item in sections])
    panels = PAGE.views(db, actor, enterprise)
    own = actor.organisation_principal == enterprise.owner
    return render_template(
        "enterprises/show.html", enterprise=enterprise, own=own, facts=facts, labels=LABELS,
        tier=TIERS.get(Tier(enterprise.tier)) if enterprise.tier else None,
        categories=[CATEGORIES[Category(word)] for word in enterprise.categories],
        place=regions.words(enterprise.province_code, enterprise.city_code, enterprise.district_code),
        industry=industries.words(enterprise.industry_code), capital=hundredths(enterprise.capital, enterprise.capital_currency),
        sections=[_section_view(item) for item in sections], panels=panels,
        reasons=_reasons(enterprise, own, sections, panels), may_browse=actor.may(Action.BOARD_BROWSE),
        may_edit=own and actor.may(Action.ENTERPRISE_EDIT),
    )  # fmt: skip


def _section_view(item: ReadableSection) -> dict[str, object]:
    """A section as the page draws it: title, paragraphs of lines, and the chip that says why it is here."""
    section = item.section
    tie = item.ties[0] if item.ties else None
    return {
        "title": SECTIONS[SectionKey(section.key)],
        "paragraphs": [part.splitlines() for part in section.body.split("\n\n") if part.strip()],
        "updated": section.updated_at,
        "basis": (tie.basis.value if tie else Basis.OWN.value),
        "until": local(tie.ends).date().isoformat() if tie and tie.ends else None,
    }


def _reasons(enterprise: Enterprise, own: bool, sections: list[ReadableSection], panels: list[PanelView]) -> list[Reason]:
    """Why this reader sees what the page shows, each reason once."""
    reasons: list[Reason] = []
    if own:
        reasons.append((Basis.OWN.value, None, "你是这家企业的人员，看得到它的全部资料。"))
    else:
        reasons.append((Basis.PUBLIC.value, None, "登记信息来自登记机关，有权浏览专板的机构都看得到。"))
    for item in sections:
        title = SECTIONS[SectionKey(item.section.key)]
        for tie in item.ties:
            until = local(tie.ends).date().isoformat() if tie.ends else None
            reasons.append((tie.basis.value, until, f"“{title}”：{tie.purpose}。"))
    for panel in panels:
        reasons.extend(panel.reasons)
    return list(dict.fromkeys(reasons))


@bp.get("/my-enterprise")
@requires(Action.ACCOUNT_USE)
def mine() -> Response:
    """The way to one's own enterprise."""
    return redirect(url_for("enterprises.show", uscc=own_enterprise(current_db(), current_actor()).uscc))


@bp.get("/enterprises/<uscc>/profile")
@requires(Action.ENTERPRISE_EDIT)
def profile(uscc: str) -> str:
    """The sections of one's own profile, and who reads each."""
    db, actor = current_db(), current_actor()
    enterprise = own_by_code(db, actor, uscc)
    written = own_sections(db, actor, enterprise)
    rows = []
    for key, title in SECTIONS.items():
        section, readers = written.get(key, (None, []))
        live = [reader for reader in readers if reader.live]
        rows.append({"key": key.value, "title": title, "section": section, "readers": live})
    return render_template("enterprises/profile.html", enterprise=enterprise, rows=rows)


@bp.route("/enterprises/<uscc>/profile/<key>", methods=["GET", "POST"])
@requires(Action.ENTERPRISE_EDIT)
def section(uscc: str, key: str) -> str | Response | tuple[str, int]:
    """One section of one's own profile: its text and its readers."""
    form = SectionForm()
    if form.is_submitted():
        answered = form.already_done()
        if answered is not None:
            return answered
        if form.validate():
            try:
                save_section(current_db(), current_actor(), uscc, _key(key), form.body.data or "")
            except Invalid as error:
                form.failed(error)
            else:
                return form.done(url_for("enterprises.section", uscc=uscc, key=key), "已保存。")
        return _section_page(uscc, key, form, AudienceForm(formdata=None)), 422
    return _section_page(uscc, key, form, AudienceForm(formdata=None))


@bp.post("/enterprises/<uscc>/profile/<key>/readers")
@requires(Action.ENTERPRISE_EDIT)
def open_to(uscc: str, key: str) -> Response | tuple[str, int]:
    """Open a section to somebody."""
    form = AudienceForm()
    answered = form.already_done()
    if answered is not None:
        return answered
    if form.validate():
        try:
            open_section(
                current_db(), current_actor(), uscc, _key(key), audience=form.audience.data,
                organisation=form.organisation.data or "", purpose=form.purpose.data or "", until=form.until.data,
            )  # fmt: skip
        except Invalid as error:
            form.failed(error)
        else:
            return form.done(url_for("enterprises.section", uscc=uscc, key=key), "已开放。")
    return _section_page(uscc, key, SectionForm(formdata=None), form), 422


@bp.post("/enterprises/<uscc>/profile/<key>/readers/<ref>/close")
@requires(Action.ENTERPRISE_EDIT)
def close(uscc: str, key: str, ref: str) -> Response:
    """Take a section back from somebody."""
    form = CloseForm()
    answered = form.already_done()
    if answered is not None:
        return answered
    close_section(current_db(), current_actor(), uscc, _key(key), ref)
    return form.done(url_for("enterprises.section", uscc=uscc, key=key), "已关闭，对方从现在起打不开这一节。")


def _key(text: str) -> SectionKey:
    try:
        return SectionKey(text)
    except ValueError:
        raise NotFound from None


def _section_page(uscc: str, key: str, form: SectionForm, opening: AudienceForm) -> str:
    db, actor = current_db(), current_actor()
    enterprise = own_by_code(db, actor, uscc)
    known = _key(key)
    found, readers = own_sections(db, actor, enterprise).get(known, (None, []))
    if found is not None and form.body.raw_data is None:  # not what was typed just now
        form.body.data = found.body
    opening.organisation.choices = [("", "—"), *((ref, f"{name}（{kind}）") for ref, name, kind in addressees(db))]
    return render_template(
        "enterprises/section.html", enterprise=enterprise, key=known.value, title=SECTIONS[known], hint=SECTION_HINTS[known],
        section=found, live=[r for r in readers if r.live], ended=[r for r in readers if not r.live], form=form, opening=opening,
        new_once=new_ref,
    )  # fmt: skip
