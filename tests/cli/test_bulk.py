"""`multichannel bulk`: every line is done once, however often the command is stopped and given again."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from multichannel.cli.bulk_results import ResultsFile, open_results
from multichannel.cli.caller import VARIABLE
from multichannel.demo.cast import MEADOW, find_persona, fixed_id
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.domain.audit import AuditRecord
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.users import RoleAssignment, User
from multichannel.errors import Busy
from multichannel.graphql.bulk.columns import columns_of, item_of, read_header
from multichannel.graphql.bulk.items import BulkMutation
from multichannel.store.store import Store
from tests.cli.shell import Run
from tests.world import World, one_engine

pytestmark = [one_engine, pytest.mark.usefixtures("loaded_policy")]

CUSTOMER = f"customer_{MEADOW.id}"
ADMIN = "meadow-global-admin"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DemoIssuer:
    return DemoIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(autouse=True)
def _demo(
    request: pytest.FixtureRequest, world: World, issuer: DemoIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo in the folder of the command."""
    request.getfixturevalue("run")
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", world.url)
    Path(".multichannel").mkdir()
    key = issuer.jwks_path.with_name("demo-key.json")
    Path(".multichannel/demo-key.json").write_bytes(key.read_bytes())


def table(name: str, *rows: dict[str, Any]) -> Path:
    path = Path(name)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return path


def bought(count: int) -> Path:
    """Recordings, two of which are equal."""
    rows = [
        {
            "Customer": CUSTOMER,
            "Channel": "ea",
            "Offer name": f"Azure {max(number, 1)}",
            "Billing type": "usage",
        }
        for number in range(count)
    ]
    return table("bought.csv", *rows)


def results_of(path: Path) -> list[dict[str, Any]]:
    _, *found = read(f"{path.name}.results.jsonl")
    return found


def read(name: str) -> list[Any]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def recorded(world: World) -> int:
    with Session(world.store.engine) as session:
        return session.scalars(select(func.count()).where(Subscription.offer_name.like("Azure _"))).one()


def test_each_line_has_a_result_and_another_run_does_nothing(run: Run, world: World) -> None:
    path, before = bought(4), recorded(world)

    first = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    results = results_of(path)
    again = run("bulk", "recordExternalSubscription", path, "--as", ADMIN, "--json")

    assert first == (
        0,
        "recordExternalSubscription: 4 items, succeeded 4. Results: bought.csv.results.jsonl\n",
        "",
    )
    assert [(each["line"], each["status"]) for each in results] == [(n, "succeeded") for n in range(2, 6)]
    assert len({each["id"] for each in results}) == 4
    assert recorded(world) == before + 4
    assert json.loads(again[1])["succeeded"] == 4
    assert results_of(path) == results
    with Session(world.store.engine) as session:
        operations = select(AuditRecord.correlation_id).where(
            AuditRecord.operation == "record_external_subscription", AuditRecord.tenant_id == MEADOW.id
        )
        assert len(set(session.scalars(operations))) == 1


def test_a_run_that_was_killed_between_a_commit_and_its_result_goes_on_and_does_nothing_twice(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = bought(5), recorded(world)
    really = ResultsFile.add

    def killed(self: ResultsFile, *arguments: Any) -> None:
        if len(self.results) == 3:
            self._write({"line": 5, "key": "cut off"})
            self.file.flush()
            self.file.truncate(self.path.stat().st_size - 6)
            raise KeyboardInterrupt
        really(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ResultsFile, "add", killed)
        code, out, err = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    assert (code, out) == (1, "")
    assert err == "Stopped. bought.csv.results.jsonl has 3 results; the same command goes on from there.\n"
    assert recorded(world) == before + 4

    assert run("bulk", "recordExternalSubscription", path, "--as", ADMIN)[0] == 0
    assert [each["line"] for each in results_of(path)] == [2, 3, 4, 5, 6]
    assert recorded(world) == before + 5


def test_lines_that_were_added_or_changed_are_done_and_the_others_are_not(run: Run, world: World) -> None:
    path, before = bought(2), recorded(world)
    run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    first = [each["id"] for each in results_of(path)]

    run("bulk", "recordExternalSubscription", bought(3), "--as", ADMIN)

    assert [each["id"] for each in results_of(path)][:2] == first
    assert recorded(world) == before + 3


def test_a_dry_run_tells_what_each_line_would_do_and_changes_nothing(run: Run, world: World) -> None:
    path, before = bought(2), recorded(world)

    code, out, _ = run("bulk", "recordExternalSubscription", path, "--as", ADMIN, "--dry-run")

    assert (code, recorded(world)) == (0, before)
    assert out.startswith("recordExternalSubscription: 2 items, would be succeeded 2.")
    told = read("bought.csv.dry-run.jsonl")
    assert [each["line"] for each in told] == [2, 3]
    (change,) = told[0]["changes"]
    assert (change["type"], change["id"]) == ("Subscription", None)
    assert change["fields"]["channel"] == {"old": None, "new": "ea"}


def shares(*rows: tuple[str, Any, str]) -> Path:
    """A file of JSON lines."""
    path = Path("shares.jsonl")
    items = (
        {
            "id": f"subscription_{fixed_id(f'{key}.subscription')}",
            "expectedVersion": version,
            "sharing": sharing,
        }
        for key, version, sharing in rows
    )
    path.write_text("".join(f"{json.dumps(item)}\n" for item in items) + "\n{oops\n")
    return path


def test_every_line_that_was_not_done_says_why_and_can_be_tried_again(run: Run) -> None:
    path = shares(
        ("meadow-office-direct", 1, "NONE"),
        ("meadow-azure-ea", 2, "NONE"),
        ("meadow-phone-cedar", 1, "NONE"),
        ("meadow-azure-ea", "x", "ALL"),
    )

    code, out, _ = run("bulk", "setSubscriptionSharing", path, "--as", ADMIN)

    assert code == 1
    summary, *told = out.splitlines()
    assert "5 items, succeeded 1, refused 1, denied 1, invalid 2" in summary
    assert [line.split()[1].rstrip(":") for line in told] == ["2", "3", "4", "4", "6"]
    assert "line 2 expectedVersion: STALE_VERSION" in told[0]
    assert "line 3: FORBIDDEN You may read this, but SET_SHARING" in told[1]
    assert "line 4 expectedVersion: BAD_INPUT" in told[2]
    assert "line 6: BAD_INPUT The line is not valid JSON" in told[4]
    stale = results_of(path)[1]
    assert (stale["status"], stale["errors"][0]["currentVersion"]) == ("refused", 1)

    changed = f"subscription_{fixed_id('meadow-azure-ea.subscription')}"
    item = {"id": changed, "expectedVersion": 1, "sharing": "NONE"}
    Path("one.jsonl").write_text(json.dumps(item))
    run("bulk", "setSubscriptionSharing", "one.jsonl", "--as", ADMIN)
    assert run("bulk", "setSubscriptionSharing", path, "--as", ADMIN)[1] == out
    run("bulk", "setSubscriptionSharing", path, "--as", ADMIN, "--retry")
    assert [each["status"] for each in results_of(path)] == [
        "succeeded",
        "succeeded",
        "denied",
        "invalid",
        "invalid",
    ]


def test_a_role_that_is_lost_in_the_middle_denies_the_rest(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, really = bought(3), BulkMutation.run

    def losing(self: BulkMutation, *arguments: Any, **more: Any) -> Any:
        result = really(self, *arguments, **more)
        with Session(world.store.engine) as session:
            user_id = select(User.id).where(User.object_id == find_persona(ADMIN).id)
            session.execute(delete(RoleAssignment).where(RoleAssignment.user_id.in_(user_id)))
            session.commit()
        return result

    monkeypatch.setattr(BulkMutation, "run", losing)
    assert run("bulk", "recordExternalSubscription", path, "--as", ADMIN)[0] == 1
    assert [each["status"] for each in results_of(path)] == ["succeeded", "denied", "denied"]


def test_items_that_fail_again_and_again_stop_the_run_which_goes_on_later(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bought(9)

    def busy(*_arguments: Any) -> None:
        raise Busy("too much is going on")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "act", busy)
        code, out, err = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    assert (code, out) == (1, "")
    assert err.startswith("Stopped: too much is going on bought.csv.results.jsonl has 5 results;")
    assert run("bulk", "recordExternalSubscription", path, "--as", ADMIN)[0] == 0
    assert [each["status"] for each in results_of(path)] == ["succeeded"] * 9


def test_a_token_that_is_not_valid_stops_the_run(
    run: Run, world: World, issuer: DemoIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bought(2)
    Path("token").write_text(token(issuer, find_persona(ADMIN), world.clock()))
    assert run("bulk", "recordExternalSubscription", path, "--token-file", "token")[0] == 0
    monkeypatch.setenv(VARIABLE, "no.token.this")
    code, _, err = run("bulk", "recordExternalSubscription", path)
    assert (code, err.count("\n")) == (1, 1)
    monkeypatch.delenv(VARIABLE)
    code, _, err = run("bulk", "recordExternalSubscription", path)
    assert code == 2
    assert VARIABLE in err


def test_results_are_continued_by_the_same_work_of_the_same_user_alone(run: Run) -> None:
    path = bought(1)
    run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    kept = Path("bought.csv.results.jsonl")
    code, _, err = run("bulk", "recordExternalSubscription", path, "--as", "alder-sales-agent")
    assert code == 1
    assert "so this run cannot continue it. Name another file with --results." in err

    other = table(
        "agreements.csv",
        {"id": CUSTOMER, "First name": "A", "last_name": "B", "email": "a@b.c", "agreedAt": "2026-01-01"},
    )
    code, _, err = run("bulk", "confirmCustomerAgreement", other, "--as", ADMIN, "--results", kept)
    assert "has the results of recordExternalSubscription" in err

    with open_results(kept, "recordExternalSubscription", _caller(read(kept.name)[0])):
        code, _, err = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    assert (code, err) == (1, "bought.csv.results.jsonl is in use by another run.\n")

    kept.write_text("a,b\n")
    code, _, err = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    assert "is not a results file of this command" in err


def _caller(run: dict[str, Any]) -> Any:
    class Someone:
        user_id = run["user"]

    return Someone()


def test_a_header_that_does_not_fit_says_what_columns_there_are(run: Run) -> None:
    path = table("odd.csv", {"Customer": CUSTOMER, "Colour": "red", "# mine": "x", "Channel": "EA"})
    code, _, err = run("bulk", "recordExternalSubscription", path, "--as", ADMIN)
    assert code == 2
    assert "names 'Colour', which is not a column." in err
    assert "does not name offerName, billingType, which every row needs" in err
    assert "Columns: customer, channel, offerName" in err

    assert run("bulk", "removeEverything", path, "--as", ADMIN)[0] == 2
    assert run("bulk", "recordExternalSubscription", "--as", ADMIN)[0] == 2


def test_the_list_names_every_mutation_with_its_columns_and_describes_those_of_one(run: Run) -> None:
    code, out, _ = run("bulk", "--list")
    assert code == 0
    assert "recordExternalSubscription\n  customer*, channel*, offerName*" in out
    _, out, _ = run("bulk", "createCustomer", "--list")
    assert "billingProfile.firstName" in out
    assert "companyName*  (String)" in out


def test_cells_are_read_as_the_field_is_declared() -> None:
    columns = [*columns_of(BulkMutation("createUser").input_type)]
    header = read_header(["Object ID", "display-name", "ROLES", "#note"], columns)
    assert item_of(["a", "1", "sales agent; Global-Admin", "x"], header) == {
        "objectId": "a",
        "displayName": "1",
        "roles": ["SALES_AGENT", "GLOBAL_ADMIN"],
    }
    assert item_of(["a", "b"], header)["roles"] == [] if len(header) > 2 else True

    columns = [*columns_of(BulkMutation("updateSubscription").input_type)]
    header = read_header([each.name for each in columns], columns)
    assert item_of(["s", "3", "x", "YES", "null"], header) == {
        "id": "s",
        "expectedVersion": 3,
        "quantity": "x",
        "autoRenewEnabled": True,
        "friendlyName": None,
    }
    assert item_of(["s", "3", "", "", ""], header) == {"id": "s", "expectedVersion": 3}

    columns = [*columns_of(BulkMutation("createCustomer").input_type)]
    named = {each.name: each for each in columns}
    nested = read_header(["company name", "domain", "email", "agreement.agreedAt"], columns)
    item = item_of(["Ours", "ours.example", "a@ours.example", "2026-04-03"], nested)
    assert item["agreement"] == {"agreedAt": "2026-04-03T00:00:00Z"}
    assert not named["agreement.agreedAt"].is_required
