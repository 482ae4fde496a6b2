"""Every table of every feature, for migrations and their comparison with the models."""

from importlib import import_module

from portal.core.db import Base

WITH_TABLES = (
    "accounts", "evidence", "grants", "notices", "enterprises", "disclosures", "reports", "financing", "roadshows", "screening",
)  # fmt: skip


def import_models() -> None:
    """Load every feature's models into the one metadata."""
    for feature in WITH_TABLES:
        import_module(f"portal.{feature}.models")


metadata = Base.metadata
