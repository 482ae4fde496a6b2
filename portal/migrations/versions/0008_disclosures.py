"""Disclosures and their documents."""

from portal.migrations.ddl import PRINCIPALS, policy, readable, rights, run, secure

revision = "0008"
down_revision = "0007"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
MINE = f"owner = any({PRINCIPALS})"


def upgrade() -> None:
    run(
        f"""create table portal.disclosure (
          id {KEY} constraint disclosure_pkey primary key,
          ref text not null constraint disclosure_ref_key unique,
          enterprise_id bigint not null,
          owner integer not null,
          kind text not null constraint disclosure_kind_check
            check (kind in ('notice', 'periodic', 'financing', 'material', 'news')),
          title text not null constraint disclosure_title_check check (length(title) between 1 and 120),
          body text not null default '',
          state text not null default 'draft' constraint disclosure_state_check
            check (state in ('draft', 'published', 'withdrawn')),
          version integer not null default 1,
          published_at timestamptz,
          withdrawn_at timestamptz,
          withdraw_reason text not null default '',
          made_by bigint constraint disclosure_made_by_fkey references portal.person (id),
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint disclosure_published_at_check check ((published_at is null) = (state = 'draft')),
          constraint disclosure_withdrawn_at_check check ((withdrawn_at is null) = (state <> 'withdrawn')))""",
        "create index disclosure_own on portal.disclosure (owner, updated_at desc, id desc)",
        f"""create table portal.disclosure_document (
          id {KEY} constraint disclosure_document_pkey primary key,
          ref text not null constraint disclosure_document_ref_key unique,
          disclosure_id bigint not null constraint disclosure_document_disclosure_id_fkey
            references portal.disclosure (id) on delete cascade,
          enterprise_id bigint not null,
          owner integer not null,
          name text not null,
          size bigint not null,
          sha256 text not null,
          media_type text not null default 'application/pdf' constraint disclosure_document_media_type_check
            check (media_type = 'application/pdf'),
          pages integer not null,
          storage_key text not null,
          position integer not null,
          uploaded_at timestamptz not null default now())""",
        "create index disclosure_document_disclosure_id_ix on portal.disclosure_document (disclosure_id)",
        # What was given out stays as it was given: the essentials of the state machine, for whoever writes.
        """create function portal.disclosure_stays() returns trigger language plpgsql as $$
        begin
          if old.owner <> new.owner or old.enterprise_id <> new.enterprise_id or old.ref <> new.ref then
            raise exception 'a disclosure keeps its owner and its reference' using errcode = 'check_violation';
          end if;
          if old.state <> 'draft' and (old.title, old.body, old.kind, old.version, old.published_at)
              is distinct from (new.title, new.body, new.kind, new.version, new.published_at) then
            raise exception 'a published disclosure is not edited' using errcode = 'check_violation';
          end if;
          if old.state <> new.state and (old.state, new.state) not in (('draft', 'published'), ('published', 'withdrawn')) then
            raise exception 'a disclosure does not go from % to %', old.state, new.state using errcode = 'check_violation';
          end if;
          return new;
        end $$""",
        "create trigger stays before update on portal.disclosure for each row execute function portal.disclosure_stays()",
    )
    rights("disclosure", "select, insert, update, delete")
    rights("disclosure_document", "select, insert, delete")
    secure("disclosure")
    secure("disclosure_document")
    # Others read what is published, while a grant lives; a draft and a withdrawn item are the enterprise's alone.
    policy("disclosure", "seen", "select", using=f"({readable('disclosure', 'disclosure')}) and (state = 'published' or {MINE})")
    policy("disclosure", "made", "insert", check=MINE)
    policy("disclosure", "changed", "update", using=MINE, check=MINE)
    policy("disclosure", "discarded", "delete", using=f"{MINE} and state = 'draft'")
    # A document is read with its item, whose own policy answers here; it comes and goes while the item is a draft.
    item = "exists (select from portal.disclosure d where d.id = disclosure_document.disclosure_id{})"
    draft = item.format(
        " and d.state = 'draft' and d.owner = disclosure_document.owner and d.enterprise_id = disclosure_document.enterprise_id"
    )
    policy("disclosure_document", "seen", "select", using=f"{MINE} or {item.format('')}")
    policy("disclosure_document", "made", "insert", check=f"{MINE} and {draft}")
    policy("disclosure_document", "removed", "delete", using=f"{MINE} and {draft}")


def downgrade() -> None:
    run(
        "drop table portal.disclosure_document",
        "drop table portal.disclosure",
        "drop function portal.disclosure_stays()",
    )
