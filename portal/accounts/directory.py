"""People as Flask-Security-Too knows them: a user object and a datastore over this request's database session.

The model stays free of Flask: what the library wants of a user (login flags, identity) is wrapped around a Person here.
"""

from typing import Any

from flask_security import UserDatastore, UserMixin
from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.accounts.passwords import digest
from portal.core.ids import new_ref
from portal.web.edge import current_db


class Account(UserMixin):
    """A Person with the manners Flask-Security-Too expects. `decoy` is nobody: it makes an unknown name cost what a known one does."""

    def __init__(self, person: Person, *, decoy: bool = False) -> None:
        self.person = person
        self.decoy = decoy

    roles: tuple[()] = ()

    @property
    def id(self) -> int:
        return self.person.id

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def username(self) -> str:
        return self.person.username

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def active(self) -> bool:
        return self.person.active

    @property
    def password(self) -> str | None:
        return self.person.password

    @password.setter
    def password(self, value: str | None) -> None:
        self.person.password = value

    @property
    def fs_uniquifier(self) -> str:
        return self.person.fs_uniquifier

    @fs_uniquifier.setter
    def fs_uniquifier(self, value: str) -> None:
        self.person.fs_uniquifier = value


class Directory(UserDatastore):
    """Finds people through this request's session. It never commits: the edge does, once per request."""

    FIELDS = ("id", "username", "email", "fs_uniquifier")

    def __init__(self, pepper: str) -> None:
        super().__init__(Account, None)  # type: ignore[arg-type]
        self._nobody = digest(new_ref(), pepper)

    def find_user(self, case_insensitive: bool = False, **criteria: Any) -> Account | None:
        """The person whose one given field (id, username, email, fs_uniquifier) has this value; names are kept in lower case."""
        ((field, value),) = criteria.items()
        if field not in self.FIELDS:
            raise KeyError(field)
        if isinstance(value, str) and "\0" in value:
            return None
        column = getattr(Person, field)
        wanted = func.lower(value) if case_insensitive else value
        person = current_db().scalar(select(Person).where(column == wanted))
        return Account(person) if person is not None else None

    def decoy(self, name: str) -> Account:
        """A user that exists nowhere, called what was typed: the same digest costs, the same token, the same letter."""
        person = Person(
            username=name, email=name, name=name, password=self._nobody, active=True, fs_uniquifier=new_ref(), principal=0
        )
        return Account(person, decoy=True)

    def put(self, account: Account) -> Account:
        if not account.decoy:
            current_db().flush()
        return account

    def commit(self) -> None:
        """Nothing: act and record commit together at the edge."""

    def delete(self, account: Account) -> None:
        raise NotSupported("people are shut out (active = false), never deleted")

    def find_role(self, role: str) -> None:
        """Roles belong to memberships, not to people."""
        return None


class NotSupported(RuntimeError):
    """An act of the library's that the portal has no use for."""
