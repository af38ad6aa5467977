"""What a policy lacks is found where it is missed."""

from __future__ import annotations

from pathlib import Path

from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check import check_source
from multichannel.workbench.findings import Finding
from tests.workbench.check.seeding import SHIPPED, Seeded, main

GENERAL_WALL = (
    'forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if\n'
    '  caller.kind in ["partner", "customer"] and record.cloud != caller.cloud;'
)
WALL = (
    'forbid("CROSS_CLOUD", caller: Principal, _action: String, customer: Customer) if\n'
    "  customer.cloud != caller.cloud;"
)
HOLDER = 'has_standing(caller: Principal, "relationship_holder", customer: Customer)'
LIVES = 'grant("sweeper", "system", "expire", _: AuditRecord);'


def _only(seeded: Seeded) -> Finding:
    (finding,) = seeded.checked().findings
    return finding


def _walled(wall: str) -> list[Finding]:
    """What is found in a policy with this wall around customers, and others around everything else."""
    of_the_service = {rule.about for rule in SHIPPED.rules if '"CROSS_CLOUD"' in rule.text} - {None}
    kinds = [name for name, resource in RESOURCES.items() if "cloud" in resource.attributes]
    others = [
        GENERAL_WALL.replace("Resource)", f"{kind})")
        for kind in kinds
        if kind not in {"Customer", *of_the_service}
    ]
    checked = Seeded("main.polar", "\n".join((*others, wall)), GENERAL_WALL).checked()
    return [finding for finding in checked.findings if finding.code != "no-cases"]


def _stands_at(finding: Finding, head: str) -> bool:
    """Whether it is at the first statement with that head."""
    rule = next(rule for rule in SHIPPED.rules if rule.text.startswith(head))
    return (finding.file, finding.column, finding.length) == (rule.file, 1, len(head))


def test_a_policy_without_the_wall_between_clouds_is_found_at_the_first_standing() -> None:
    (finding,) = _walled("")

    assert finding.code == "missing-cross-cloud"
    assert _stands_at(finding, HOLDER)


def test_a_wall_with_another_condition_or_the_other_way_round_is_none() -> None:
    for wall in (
        WALL.replace("!=", "="),
        WALL.replace("!= caller.cloud", '!= caller.cloud and caller.market = "DE"'),
        WALL.replace("!= caller.cloud", '!= caller.cloud and caller.kind = "partner"'),
        WALL.replace(
            "customer.cloud != caller.cloud",
            "(customer.cloud != caller.cloud or customer.market != caller.market)",
        ),
    ):
        codes = [finding.code for finding in _walled(wall)]
        assert "missing-cross-cloud" in codes


def test_a_wall_that_leaves_actions_out_is_told_with_them() -> None:
    wall = WALL.replace("_action: String", '"read"')

    (finding,) = _walled(wall)

    assert finding.message == (
        "no restriction keeps read_summary, read_access, read_own_access, update, label, link, "
        "confirm_agreement, record_subscription, create_subscription, set_sharing, add_user, start_bulk, "
        "verify_domain on a Customer within one national cloud"
    )


def test_a_wall_for_every_action_by_name_or_for_all_tenants_by_kind_is_one() -> None:
    actions = (
        '"read", "read_summary", "read_access", "read_own_access", "update", "label", "link", '
        '"confirm_agreement", "record_subscription", "create_subscription", "set_sharing", "add_user", '
        '"start_bulk", "verify_domain"'
    )
    by_name = WALL.replace("_action", "action").replace(
        "!= caller.cloud", f"!= caller.cloud and action in [{actions}]"
    )
    by_kind = WALL[:-1] + ' and caller.kind in ["customer", "partner"];'

    assert _walled(by_name) == []
    assert _walled(by_kind) == []


def test_a_tie_to_the_own_tenant_may_be_a_helper_s() -> None:
    helper = (
        'has_standing(p: Principal, "customer", c: Customer) if p.kind = "customer" and knows(p, c);\n'
        "knows(p: Principal, c: Customer) if r in c.relationships and r.customer_id = p.tenant_id;\n"
    )
    weaker = helper + "knows(p: Principal, c: Customer) if c.market = p.market;\n"

    assert Seeded("customer.polar", helper).checked().findings == ()
    assert _only(Seeded("customer.polar", weaker)).code == "untied-standing"


def test_an_action_that_nothing_grants_is_found_at_the_first_rule_about_its_kind() -> None:
    finding = _only(Seeded("system.polar", "", LIVES))

    assert (finding.code, finding.message) == (
        "ungranted-action",
        "no role is granted expire on an AuditRecord",
    )
    assert _stands_at(finding, 'has_standing(caller: Principal, "system", _: AuditRecord)')


def test_a_restriction_of_an_action_that_nothing_grants_is_a_warning_beside_it() -> None:
    restriction = '# R1: for now.\nforbid("X", p: Principal, "expire", _: AuditRecord) if p.cloud = "public";'

    checked = Seeded("system.polar", restriction, LIVES).checked()

    assert [finding.code for finding in checked.errors] == ["ungranted-action"]
    assert [finding.code for finding in checked.warnings] == ["idle-restriction"]


def test_a_kind_of_record_that_is_not_declared_is_told_once() -> None:
    checked = main("", "resource User {}\n").checked()

    assert [finding.code for finding in checked.findings] == ["missing-resource"]
    assert not checked.loads


def test_a_policy_that_allows_nothing_does_not_load() -> None:
    checked = main(
        "permitted(principal", "allow(principal: Principal, action: String, resource) if\n"
    ).checked()

    assert "syntax" in [finding.code for finding in checked.findings]
    allow = next(rule.text for rule in SHIPPED.rules if rule.name == "allow")
    checked = main("", allow).checked()
    assert [finding.code for finding in checked.findings] == ["no-allow"]
    assert not checked.loads


def test_a_file_without_cases_is_a_warning(tmp_path: Path) -> None:
    files = {name for name, _ in SHIPPED.texts} - {"choices.polar", "main.polar", "roles.polar"}
    for name in files - {"user.polar"}:
        (tmp_path / name).with_suffix(".cases.yaml").write_text("")

    checked = check_source(SHIPPED, tmp_path)

    assert [(finding.file, finding.code) for finding in checked.findings] == [("user.polar", "no-cases")]
    assert checked.errors == ()
