"""The actor: a frozen value that says for whom an answer is made. It is passed as an argument, never looked up."""

from dataclasses import dataclass

from portal.access.actions import Action
from portal.access.principals import BOARD, OPERATOR, PUBLIC, OrgKind
from portal.access.roles import allows


@dataclass(frozen=True)
class Actor:
    """A person acting for one membership, or nobody (`person_id` None).

    `principals` are what grants and policies know; `words` the same as search filters spell them.
    """

    person_id: int | None = None
    person_name: str = ""
    person_principal: int | None = None
    membership_id: int | None = None
    organisation_id: int | None = None
    organisation_name: str = ""
    organisation_principal: int | None = None
    kind: OrgKind | None = None
    roles: frozenset[str] = frozenset()
    principals: tuple[int, ...] = (PUBLIC,)
    words: tuple[str, ...] = ("public",)
    enterprise_id: int | None = None
    session_id: int | None = None
    memberships: int = 0

    @property
    def is_anonymous(self) -> bool:
        return self.person_id is None

    @property
    def sees_board(self) -> bool:
        """Whether the board's enterprises may be shown at all (qualified, or by office)."""
        return BOARD in self.principals

    @property
    def is_operator(self) -> bool:
        return OPERATOR in self.principals

    def may(self, action: Action) -> bool:
        """Whether the role table opens `action` to this actor; says nothing of any single object."""
        return allows(action, anonymous=self.is_anonymous, kind=self.kind, roles=self.roles, board=self.sees_board)


ANONYMOUS = Actor()
