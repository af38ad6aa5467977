"""`multichannel policy explain`: who, what and why, from cases, files, a database and a log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from multichannel.decision_log.decisions import RecordDecision
from multichannel.decision_log.encoding import DecisionLines
from multichannel.demo.cast import fixed_id
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import PolicyFiles, Versions
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.world import World, one_engine

Run = Callable[..., tuple[int, str, str]]
ASPEN = ("--as", "aspen_sales_agent", "--action", "cancel", "--resource", "alder_seats")
ALDER = ("--as", "alder_sales_agent", "--action", "cancel", "--resource", "alder_seats")
MEADOW = f"customer_{fixed_id('meadow')}"
WHO = {
    "tenant_id": "here",
    "kind": "partner",
    "type": "direct_bill",
    "status": "active",
    "cloud": "public",
    "market": "US",
    "roles": ["sales_agent"],
    "auth_mode": "app_user",
}
KEY = "k" * 32


@pytest.fixture
def explain(run: Run, shipped_policy: Policy, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command; the shipped policy is loaded once for all tests."""
    load = Policy.load
    monkeypatch.setattr(
        Policy, "load", lambda folder: shipped_policy if folder == SHIPPED_POLICIES else load(folder)
    )

    def command(*arguments: str) -> tuple[int, str, str]:
        return run("policy", "explain", *arguments)

    return command


def line_of(file: str, text: str) -> int:
    """Where a text stands in a file of the policy."""
    return (SHIPPED_POLICIES / file).read_text("utf-8").partition(text)[0].count("\n") + 1


def as_data(explain: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = explain(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_grant_is_told_rule_by_rule_with_the_values(explain: Run) -> None:
    code, out, err = explain(*ALDER)

    head = line_of("subscription.polar", 'has_standing(caller: Principal, "billing_partner"')
    assert (code, err) == (0, "")
    assert "alder_sales_agent may cancel subscription:alder_seats" in out
    assert "granted to sales_agent as billing_partner" in out
    assert f"subscription.polar:{head} has_standing" in out
    line = line_of("subscription.polar", 'subscription.channel = "csp" and subscription.billing_partner_id')
    assert f"subscription.polar:{line} subscription.billing_partner_id = caller.tenant_id holds: alder" in out
    assert "\x1b" not in out


def test_a_denial_tells_the_nearest_way_with_found_and_expected(explain: Run) -> None:
    found = as_data(explain, *ASPEN)

    nearest = found["near_misses"][0]
    failed = [each for each in nearest["conditions"] if not each["holds"]]
    line = line_of("subscription.polar", 'subscription.channel = "csp" and subscription.billing_partner_id')
    assert (found["allowed"], found["grants"], found["restrictions"]) == (False, [], [])
    assert (nearest["standing"], nearest["roles_needed"]) == ("billing_partner", [])
    assert failed == [
        {
            "file": "subscription.polar",
            "line": line,
            "column": 36,
            "text": "subscription.billing_partner_id = caller.tenant_id",
            "holds": False,
            "fact": "resource.billing_partner_id",
            "found": "alder",
            "operator": "=",
            "expected": "aspen",
            "expected_of": "principal.tenant_id",
        }
    ]


def test_a_restriction_is_told_with_its_number_and_sentence(explain: Run) -> None:
    arguments = ("--as", "dogwood_admin_agent", "--action", "cancel", "--resource", "cedar_azure")
    [hit] = as_data(explain, *arguments)["restrictions"]

    assert (hit["code"], hit["number"]) == ("RESELLERS_SELL_NOTHING", "R22")
    assert hit["reason"].startswith("resellers buy and bill nothing")
    assert "RESELLERS_SELL_NOTHING (R22): resellers buy" in explain(*arguments)[1]


def test_where_a_difference_hits_both_sides_are_told(explain: Run) -> None:
    arguments = ("--as", "laurel_admin_agent", "--action", "read", "--resource", "alder_seats")

    difference = "subscription.cloud != caller.cloud holds: public; caller.cloud is us_government\n"
    assert difference in explain(*arguments)[1]


def test_the_answer_names_its_policy_and_engine(explain: Run, shipped_policy: Policy) -> None:
    found = as_data(explain, *ALDER)

    assert found["policy_sha256"] == shipped_policy.digest
    assert (found["schema_version"], found["command"]) == (1, "policy explain")
    assert found["engine"].startswith("oso ")


@pytest.mark.parametrize(("expected", "code"), [("allow", 0), ("deny", 1)])
def test_the_exit_code_tells_whether_the_answer_is_the_expected_one(
    explain: Run, expected: str, code: int
) -> None:
    assert explain(*ALDER, "--expect", expected)[0] == code
    assert explain(*ASPEN, "--expect", expected)[0] == 1 - code


def test_the_filter_is_shown_in_both_dialects_with_its_values(explain: Run) -> None:
    filters = as_data(explain, *ALDER, "--sql")["filters"]

    assert sorted(filters) == ["postgresql", "sqlite"]
    for statement in filters.values():
        assert statement.startswith("SELECT subscriptions.id\nFROM subscriptions\nWHERE (")
        assert "subscriptions.billing_partner_id = 'alder'\n" in statement
    assert as_data(explain, *ALDER)["filters"] == {}


def test_facts_come_from_files_too(explain: Run, tmp_path: Path) -> None:
    who, what = tmp_path / "who.json", tmp_path / "what.json"
    who.write_text(json.dumps(WHO))
    links = [{"partner_id": "here", "status": "active"}]
    what.write_text(json.dumps({"Customer": {"market": "US", "cloud": "public", "relationships": links}}))
    arguments = ("--as", str(who), "--action", "UPDATE", "--resource", str(what))

    assert as_data(explain, *arguments)["allowed"] is True
    who.write_text(json.dumps({**WHO, "status": "inactive"}))
    assert [hit["code"] for hit in as_data(explain, *arguments)["restrictions"]] == ["PARTNER_INACTIVE"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("aldr_sales_agent", "cancel", "alder_seats"),
            "'aldr' is not a tenant of cast.yaml. Did you mean alder?",
        ),
        (
            ("alder_sales_agnt", "cancel", "alder_seats"),
            "'sales_agnt' is not a valid role. Did you mean sales_agent?",
        ),
        (
            ("alder_sales_agent", "cancl", "alder_seats"),
            "'cancl' is not an action on Subscription. Did you mean cancel?",
        ),
        (
            ("alder_sales_agent", "cancel", "alder_seat"),
            "'alder_seat' is not a record of the test cases. Did you mean alder_seats?",
        ),
        (
            ("alder-sales-agent", "cancel", "alder_seats"),
            "'alder-sales-agent' is not in the test cases, and there is no database at .multichannel/",
        ),
        (("alder_sales_agent", "update", MEADOW), "no database at .multichannel/multichannel.db"),
        (("./absent.json", "update", "alder_seats"), "absent.json"),
        (("alder_sales_agent", "update", "meadow"), "The record name meadow is ambiguous"),
    ],
)
def test_what_nobody_knows_is_a_usage_error_with_a_hint(
    explain: Run, arguments: tuple[str, str, str], told: str
) -> None:
    who, action, what = arguments
    code, out, err = explain("--as", who, "--action", action, "--resource", what)

    assert (code, out) == (2, "")
    assert told in err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "robot"}, "who.json:3: 'robot' is not the kind of a principal"),
        ({"roles": ["boss"]}, "who.json:9: 'boss' is not a role"),
        ({"tenant_id": ""}, "who.json:2: `tenant_id` of a principal is required"),
        ({"tenant_id": 7}, "who.json:2: `tenant_id` of a principal must be text"),
        ({"market": ["US"]}, "who.json:7: `market` of a principal must be text"),
        ({"shoe": 42}, "who.json:12: a principal has no `shoe`"),
    ],
)
def test_a_file_with_other_facts_is_a_usage_error_with_its_line(
    explain: Run, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    who = tmp_path / "who.json"
    who.write_text(json.dumps({**WHO, **change}, indent=1))
    code, out, err = explain("--as", str(who), "--action", "cancel", "--resource", "alder_seats")

    assert (code, out) == (2, "")
    assert told in err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"Customr": {}}, "what.json:2: a record has no `Customr`"),
        ({"Customer": {"market": "US", "clod": "public"}}, "what.json:4: a Customer has no `clod`"),
        ({"Customer": {"market": "US", "cloud": "sky"}}, "what.json:4: 'sky' is not Customer.cloud"),
        ({"Customer": []}, "what.json:2: a Customer must be a mapping of names"),
        ({"Subscription": {"is_trial": [1]}}, "Subscription.is_trial must be true or false, not [1]"),
        (
            {"Customer": {"cloud": "public", "market": "US", "relationships": [{"partner_id": 7}]}},
            "what.json:7: ResellerRelationship.partner_id cannot be 7",
        ),
    ],
)
def test_a_fact_of_a_record_that_means_nothing_is_told_with_its_own_line(
    explain: Run, tmp_path: Path, content: dict[str, Any], told: str
) -> None:
    what = tmp_path / "what.json"
    known = {name: "x" for name in ("owner_id", "customer_id") if "Subscription" in content}
    words = {"recorded_by": "partner", "channel": "csp", "commerce": "legacy", "billing_type": "usage"}
    words["sharing"] = "none"
    facts = {name: {**known, **words, **given} if known else given for name, given in content.items()}
    what.write_text(json.dumps(facts, indent=1))
    code, out, err = explain("--as", "alder_sales_agent", "--action", "read", "--resource", str(what))

    assert (code, out) == (2, "")
    assert f"{what.parent}/" in err
    assert told in err


def test_a_file_that_cannot_be_read_is_a_usage_error(explain: Run, tmp_path: Path) -> None:
    (tmp_path / "who.json").write_bytes(b"\xff")

    for path, why in (
        (tmp_path, "Is a directory"),
        (tmp_path / "none.json", "No such file or directory"),
        (tmp_path / "who.json", "it is no UTF-8 text"),
    ):
        code, out, err = explain("--as", str(path), "--action", "read", "--resource", "alder_seats")
        assert (code, out, err) == (2, "", f"{path} cannot be read: {why}\n")


def test_half_a_question_is_a_usage_error(explain: Run) -> None:
    assert explain("--as", "alder_sales_agent")[0] == 2


@one_engine
def test_personas_and_ids_are_looked_up_in_the_database(explain: Run, world: World) -> None:
    at = ("--database-url", world.url)
    question = ("--as", "alder-sales-agent", "--action", "update", "--resource", MEADOW)
    found = as_data(explain, *question, *at)

    assert (found["allowed"], found["seen"]) == (True, True)
    assert found["principal"]["tenant_id"] == fixed_id("alder")


@one_engine
def test_what_the_principal_does_not_see_is_explained_to_the_operator_who_names_the_database(
    explain: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ("--as", "linden-admin-agent", "--action", "update", "--resource", MEADOW)
    found = as_data(explain, *question, "--database-url", world.url)
    assert (found["allowed"], found["seen"]) == (False, False)
    assert [hit["code"] for hit in found["restrictions"]] == ["PARTNER_INACTIVE"]

    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", world.url)
    code, out, err = explain(*question)
    assert (code, out) == (2, "")
    assert "is not visible to this principal" in err


@one_engine
def test_a_row_that_is_absent_is_a_usage_error(explain: Run, world: World) -> None:
    absent = f"customer_{fixed_id('nobody')}"
    question = ("--as", "alder-sales-agent", "--action", "update", "--resource", absent)
    code, out, err = explain(*question, "--database-url", world.url)

    assert (code, out) == (2, "")
    assert f"{absent} not found in the database." in err


@pytest.fixture
def log(world: World, tmp_path: Path) -> tuple[Path, str]:
    """A log with one decision of the policy that ships, and its id."""
    who = world.principal("alder-billing-admin")
    with world.store.reading(who) as work:
        facts = work.repository(CUSTOMER).facts(fixed_id("meadow"))
    decided = RecordDecision(
        time=world.clock.now,
        policy=world.policy,
        operation="get",
        principal=who,
        resource=CUSTOMER,
        microseconds=1,
        action=Action.UPDATE,
        facts=facts,
        allowed=False,
    )
    line = DecisionLines(KEY).line(decided)
    path = tmp_path / "decisions.jsonl"
    path.write_text(json.dumps(line) + "\n")
    return path, line["id"]


@one_engine
def test_a_logged_decision_is_explained_with_its_pseudonyms(explain: Run, log: tuple[Path, str]) -> None:
    path, name = log
    found = as_data(explain, "--log", str(path), "--decision", name[:8])

    assert found["decision"]["id"] == name
    assert (found["allowed"], found["near_misses"][0]["standing"]) == (False, "relationship_holder")
    assert fixed_id("alder") not in json.dumps(found)
    code, _, err = explain("--log", str(path), "--decision", "zz")
    assert (code, f"no decision in {path} with an id that starts with zz" in err) == (2, True)


@one_engine
def test_a_logged_decision_is_explained_under_the_policy_that_made_it(
    explain: Run, log: tuple[Path, str], tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, name = log
    other = tmp_path / "other"
    shutil.copytree(SHIPPED_POLICIES, other)
    with (other / "customer.polar").open("a") as file:
        file.write('grant("billing_admin", "relationship_holder", "update", _: Customer);\n')
    question = ("--log", str(path), "--decision", name, "--policy", str(other))
    code, out, err = explain(*question)
    assert (code, out) == (2, "")
    assert world.policy.digest in err

    versions = tmp_path / "versions"
    Versions(versions).keep(PolicyFiles.read(SHIPPED_POLICIES), world.clock.now)
    monkeypatch.setenv("MULTICHANNEL_POLICY_VERSIONS", str(versions))
    found = as_data(explain, *question)
    assert (found["allowed"], found["policy_sha256"]) == (False, world.policy.digest)


@pytest.mark.parametrize("width", ["80", "120"])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_left_out(
    explain: Run, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    _, out, _ = explain(*ASPEN)

    assert max(map(len, out.splitlines())) <= int(width)
    assert "…" not in out
