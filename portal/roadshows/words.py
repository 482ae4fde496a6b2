"""How states and audiences of roadshows read in Chinese."""

from portal.access.principals import BOARD, INSTITUTION_KINDS, KIND_NAMES, KIND_PRINCIPALS, QUALIFIED, OrgKind
from portal.roadshows.models import RegistrationState, RoadshowState

# (kind of chip, word, icon) as templates/components/state.html takes them.
STATES = {
    RoadshowState.DRAFT: ("", "草稿", "pencil"),
    RoadshowState.OPEN: ("ok", "报名中", "check"),
    RoadshowState.CLOSED: ("", "报名截止", "lock"),
    RoadshowState.CANCELLED: ("bad", "已取消", "x"),
}
REGISTRATION_STATES = {RegistrationState.REGISTERED: "已报名", RegistrationState.CANCELLED: "已取消"}
AUDIENCES = {
    BOARD: "能看专板的全部机构",
    QUALIFIED: "全体合格投资者",
    KIND_PRINCIPALS[OrgKind.ENTERPRISE]: "全体企业",
    **{KIND_PRINCIPALS[kind]: f"全体{KIND_NAMES[kind]}" for kind in OrgKind if kind in INSTITUTION_KINDS},
}
