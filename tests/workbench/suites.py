"""A policy about users alone with its cases: small enough to know all that is true of it."""

from __future__ import annotations

from pathlib import Path

from multichannel.server.bootstrap import SHIPPED_POLICIES

CAST = """
alder: {kind: partner, type: direct_bill, status: active, market: US, cloud: public}
meadow: {kind: customer, market: US, cloud: public}
"""
USERS = """\
has_standing(p: Principal, "self", u: User) if
  u.tenant_id = p.tenant_id;

grant(role, "self", "read", _: User) if
  role in ["global_admin", "account_admin"];
grant("global_admin", "self", "update_roles", _: User);

# R52: nothing crosses clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, u: User) if
  u.cloud != p.cloud;
"""
CASES = """\
facts:
  User:
    alder_agent: {tenant_id: alder, state: active, cloud: public}
    alder_abroad: {tenant_id: alder, state: active, cloud: us_government}
    meadow_clerk: {tenant_id: meadow, state: active, cloud: public}
cases:
  - who: alder_global_admin
    what: alder_agent
    may: [read, update_roles]
    why: Who manages people manages these.
  - who: alder_account_admin
    what: alder_agent
    may: [read]
    may_not: {update_roles: NOT_GRANTED}
    why: Account admins look on.
  - who: meadow_global_admin
    what: alder_agent
    may_not: {read: NOT_GRANTED, update_roles: NOT_GRANTED}
    why: People are known in their own company.
  - who: alder_global_admin
    what: alder_abroad
    may_not: {read: CROSS_CLOUD, update_roles: CROSS_CLOUD}
    why: Clouds are apart.
lists:
  - who: alder_account_admin
    of: User
    sees: [alder_agent]
    why: The people of its own company in its own cloud.
"""


def users(folder: Path, *, policy: str = USERS, cases: str = CASES) -> Path:
    """The folder with `main.polar` but for its restrictions, these rules about users, and these cases."""
    folder.mkdir()
    main = (SHIPPED_POLICIES / "main.polar").read_text("utf-8").partition("\n# R52")[0]
    (folder / "main.polar").write_text(main, "utf-8")
    (folder / "user.polar").write_text(policy, "utf-8")
    (folder / "cast.yaml").write_text(CAST, "utf-8")
    (folder / "user.cases.yaml").write_text(cases, "utf-8")
    return folder


def edited(text: str, before: str, after: str) -> str:
    """A text with one place changed."""
    assert text.count(before) == 1, before
    return text.replace(before, after)
