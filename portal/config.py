"""Typed settings, read from the environment and from `var/portal.env`; nothing secret is built in."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES, STATIC, XBRL = ROOT / "templates", ROOT / "static", ROOT / "xbrl"


class MissingSetting(Exception):
    """A setting that the process cannot do without is absent or unusable; the text says which and what to do."""


def _long(value: str) -> str:
    if len(value) < 32:
        raise ValueError("at least 32 characters")
    return value


Secret = Annotated[str, AfterValidator(_long)]


class Settings(BaseSettings):
    """Everything the operator of an installation may set; names are the environment's, upper case."""

    model_config = SettingsConfigDict(env_file_encoding="utf-8", extra="ignore", frozen=True)

    portal_secret_key: Secret = Field(description="signs sessions and forms")
    portal_password_salt: Secret = Field(description="pepper of password digests")
    portal_master_key: Secret = Field(description="wraps the data keys of stored files; 64 hexadecimal digits")
    portal_seal_key: Secret = Field(description="Ed25519 seed that signs checkpoints; 64 hexadecimal digits")
    portal_var: Path = ROOT / "var"
    portal_demo: bool = False
    portal_demo_password: str | None = None
    portal_operator_name: str = "北庭股权交易中心有限责任公司"
    portal_short_name: str = "北庭股权"
    portal_board_name: str = "专精特新专板"
    portal_base_url: str = "http://127.0.0.1:8000"
    portal_log_origin: str = "zhuanban-portal.example/log"
    portal_trusted_proxies: int = 0

    database_url: str | None = Field(None, description="PostgreSQL as portal_app; empty: the embedded server")
    database_system_url: str | None = Field(None, description="the same database as portal_system")
    database_owner_url: str | None = Field(None, description="the same database as portal_owner (migrations)")
    database_admin_url: str | None = Field(None, description="a role that may create roles; only for `portal migrate --roles`")

    meili_url: str | None = None
    meili_key: str | None = None

    smtp_url: str | None = Field(None, description="smtp://user:password@host:port; empty: the demo's outbox page")
    mail_from: str = "portal@zhuanban-portal.example"

    files_url: str | None = Field(None, description="s3://bucket/prefix; empty: a folder in var/")

    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over TLS only, unless the portal is addressed by plain HTTP on this machine."""
        return self.portal_base_url.startswith("https://")


def env_file() -> Path:
    """Where an installation keeps its settings: beside its data."""
    return Path(os.environ.get("PORTAL_VAR", ROOT / "var")) / "portal.env"


def load_settings(file: Path | None = None) -> Settings:
    """Read settings from the environment over `file` (default: `env_file()`).

    Raises MissingSetting with one line per setting that is absent or unusable.
    """
    try:
        return Settings(_env_file=file or env_file())  # type: ignore[call-arg]
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise MissingSetting(
            "缺少或不能用的设置：" + "；".join(lines) + "。运行 make demo 会写出 var/portal.env，或在环境变量里给出它们。"
        ) from None

