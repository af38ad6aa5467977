"""`multichannel audit` and `multichannel sweep`, as an operator runs them on the demo world."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import delete, func, select, update

from multichannel.demo.cast import ALDER, CANYON, MEADOW, fixed_id
from multichannel.domain.audit import GENESIS, AuditChain, AuditRecord, seal_of
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Tenant
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.unit_of_work import UnitOfWork
from tests.cli.shell import Run
from tests.world import World, postgresql_later

pytestmark = [pytest.mark.usefixtures("loaded_policy"), postgresql_later]
PRUNE = ("audit", "prune", "--older-than")


@pytest.fixture
def acted(
    world: World,
    run: Run,  # noqa: ARG001  (it clears the environment, before this sets the database)
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A world in which Alder has edited Meadow's profile three times, at a time 200 days ago."""
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", world.url)
    now = world.clock.now
    caller = world.caller("alder-sales-agent")
    world.clock.now = now - timedelta(days=200)
    for city in ("Dover", "Salem", "Boise"):

        def edit(work: UnitOfWork, city: str = city) -> str:
            customer = work.customers.get(MEADOW.id, to=Action.UPDATE)
            customer.change({"city": city}, expected_version=customer.version, at=work.now)
            return customer.id

        world.store.act(
            caller.principal, MutationContext("update_customer", "Customer", user_id=caller.user_id), edit
        )
    world.clock.now = now
    return world


def tamper(world: World) -> None:
    with world.store.engine.begin() as connection:
        statement = update(AuditRecord).where(AuditRecord.tenant_id == ALDER.id, AuditRecord.number == 2)
        connection.execute(statement.values(operation="nothing"))


@pytest.mark.usefixtures("acted")
def test_whole_chains_are_good(run: Run) -> None:
    assert run("audit", "verify") == (0, "Chains: 2, valid records: 6, broken chains: 0\n", "")


def test_a_chain_that_is_not_whole_is_named_with_its_first_bad_record(acted: World, run: Run) -> None:
    tamper(acted)

    code, out, _ = run("audit", "verify")

    assert code == 1
    assert out.splitlines() == [
        f"{ALDER.id}: record 2: the record or one before it was changed (altered)",
        "Chains: 2, valid records: 4, broken chains: 1",
    ]


def test_json_tells_of_every_chain_what_is_worth_keeping_elsewhere(acted: World, run: Run) -> None:
    tamper(acted)

    code, out, _ = run("audit", "verify", "--json")

    told = json.loads(out)
    assert code == 1
    assert told["whole"] is False
    chains = {each["tenant"]: each for each in told["chains"]}
    assert chains.keys() == {ALDER.id, MEADOW.id}
    assert (chains[ALDER.id]["flaw"], chains[ALDER.id]["number"]) == ("altered", 2)
    meadow = chains[MEADOW.id]
    assert (meadow["whole"], meadow["length"], meadow["records"], meadow["flaw"]) == (True, 3, 3, None)
    assert len(meadow["seal"]) == 64


def test_one_tenants_chain_can_be_walked_alone(acted: World, run: Run) -> None:
    tamper(acted)

    assert run("audit", "verify", "--tenant", MEADOW.id)[0] == 0
    assert run("audit", "verify", "--tenant", ALDER.id)[0] == 1
    code, out, _ = run("audit", "verify", "--json", "--tenant", ALDER.id)
    assert (code, [each["tenant"] for each in json.loads(out)["chains"]]) == (1, [ALDER.id])


@pytest.mark.rule("R54")
def test_a_tenant_is_named_by_its_directory_id_and_none_that_is_unknown_is_good(
    acted: World, run: Run
) -> None:
    unlinked, directory_id = CANYON.id, fixed_id("alder.directory")
    tamper(acted)
    with acted.store.engine.begin() as connection:
        for tenant_id, value in ((ALDER.id, directory_id), (unlinked, None)):
            connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(directory_id=value))

    assert run("audit", "verify", "--tenant", directory_id)[0] == 1
    assert run("audit", "verify", "--tenant", unlinked)[0] == 0
    for nobody in (ALDER.id, fixed_id("nobody")):
        told = run("audit", "verify", "--tenant", nobody)
        assert told == (1, "", f"Tenant {nobody} not found. List them: multichannel tenant list\n")


@pytest.mark.rule("R53")
@pytest.mark.usefixtures("acted")
def test_what_is_old_goes_and_what_is_left_is_whole(run: Run) -> None:
    assert run(*PRUNE, "201")[1] == "Deleted: records 0, events 0, keys 3\n"

    assert run(*PRUNE, "199", "--json") == (
        0,
        '{\n  "records": 6,\n  "events": 3,\n  "keys": 0,\n  "broken": []\n}\n',
        "",
    )

    assert run("audit", "verify")[:2] == (0, "Chains: 2, valid records: 0, broken chains: 0\n")


@pytest.mark.rule("R53")
@pytest.mark.usefixtures("acted")
def test_nothing_younger_than_the_promised_retention_can_be_pruned(run: Run) -> None:
    code, _, error = run(*PRUNE, "89")

    assert code == 2
    assert "Invalid value" in error
    assert run("audit", "verify")[1].startswith("Chains: 2, valid records: 6")


def test_a_chain_that_is_not_whole_is_left_alone(acted: World, run: Run) -> None:
    tamper(acted)

    code, out, error = run(*PRUNE, "90")

    assert (code, out) == (1, "Deleted: records 3, events 3, keys 3\n")
    assert error.startswith(f"{ALDER.id}: record 2: ")
    assert run("audit", "verify")[0] == 1


def test_a_sweep_writes_down_what_is_due_and_says_how_much(acted: World, run: Run) -> None:
    code, out, _ = run("sweep", "--json")

    assert code == 0
    assert json.loads(out)["ResellerRelationship"] == 1  # Alder's request to Thistle lapsed 30 days ago
    assert run("sweep")[1].startswith("Changed rows: ResellerRelationship 0, ")
    with acted.store.engine.connect() as connection:
        query = select(ResellerRelationship.stored_status).where(
            ResellerRelationship.id == fixed_id("alder.thistle.relationship")
        )
        assert connection.scalar(query) == "expired"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public key in PEM."""
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "checkpoint.pem", tmp_path / "checkpoint.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def since(acted: World, run: Run, keys: tuple[Path, Path], tmp_path: Path) -> tuple[str, ...]:  # noqa: ARG001
    """The arguments that verify the chains against a checkpoint of them."""
    path = tmp_path / "checkpoint.json"
    told = run("audit", "checkpoint", "--key", str(keys[0]), "--output", str(path))
    assert told == (0, f"Chains: 2. Wrote {path}\n", "")
    return ("audit", "verify", "--since", str(path), "--key", str(keys[1]))


def cut(world: World, tenant_id: str, length: int) -> None:
    """Cut the end of a chain, and move its head there."""
    with world.store.engine.begin() as connection:
        of_tenant = AuditRecord.tenant_id == tenant_id
        connection.execute(delete(AuditRecord).where(of_tenant, AuditRecord.number > length))
        seal = select(AuditRecord.seal).where(of_tenant, AuditRecord.number == length).scalar_subquery()
        head = {"length": length, "seal": func.coalesce(seal, GENESIS)}
        connection.execute(update(AuditChain).where(AuditChain.tenant_id == tenant_id).values(**head))


@pytest.mark.parametrize("length", [0, 2])
def test_a_chain_that_was_cut_with_its_head_is_found_by_a_checkpoint_alone(
    acted: World, run: Run, since: tuple[str, ...], length: int
) -> None:
    assert run(*since)[0] == 0
    cut(acted, ALDER.id, length)

    assert run("audit", "verify")[0] == 0
    code, out, _ = run(*since)

    message = "record 3: the checkpoint has it as the last record, and the chain ends before it (shortened)"
    assert (code, out.splitlines()[0]) == (1, f"{ALDER.id}: {message}")


def test_a_chain_that_vanished_is_found(acted: World, run: Run, since: tuple[str, ...]) -> None:
    cut(acted, ALDER.id, 0)
    with acted.store.engine.begin() as connection:
        connection.execute(delete(AuditChain).where(AuditChain.tenant_id == ALDER.id))

    assert run("audit", "verify")[0] == 0
    assert "(shortened)" in run(*since)[1]
    assert run(*since, "--tenant", ALDER.id)[0] == 1
    assert run(*since, "--tenant", MEADOW.id)[0] == 0


def test_a_chain_that_was_written_anew_is_found(acted: World, run: Run, since: tuple[str, ...]) -> None:
    reseal(acted, operation="nothing")

    assert run("audit", "verify")[0] == 0
    code, out, _ = run(*since)

    assert (code, "record 3: its seal is not that of the checkpoint (rewritten)" in out) == (1, True)


def test_what_was_pruned_after_the_retention_period_is_no_flaw(
    acted: World, run: Run, since: tuple[str, ...]
) -> None:
    assert run(*PRUNE, "199")[0] == 0
    assert run(*since)[0] == 0

    with acted.store.engine.begin() as connection:
        moved = update(AuditChain).where(AuditChain.tenant_id == ALDER.id)
        connection.execute(moved.values(length=9, pruned=9))

    assert run("audit", "verify")[0] == 0
    code, out, _ = run(*since)
    assert (code, "(pruned_early)" in out) == (1, True)


def test_a_chain_goes_on_after_its_checkpoint(acted: World, run: Run, since: tuple[str, ...]) -> None:
    caller = acted.caller("alder-sales-agent")

    def edit(work: UnitOfWork) -> str:
        customer = work.customers.get(MEADOW.id, to=Action.UPDATE)
        customer.change({"city": "Akron"}, expected_version=customer.version, at=work.now)
        return customer.id

    context = MutationContext("update_customer", "Customer", user_id=caller.user_id)
    acted.store.act(caller.principal, context, edit)

    assert run(*since) == (0, "Chains: 2, valid records: 8, broken chains: 0\n", "")


def test_of_broken_chains_there_is_no_checkpoint(
    acted: World, run: Run, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    tamper(acted)
    path = tmp_path / "none.json"

    code, out, err = run("audit", "checkpoint", "--key", str(keys[0]), "--output", str(path))

    assert (code, out, path.exists()) == (1, "", False)
    assert "(altered). No checkpoint was made of broken chains." in err


def test_a_checkpoint_that_was_changed_or_is_none_is_refused(
    run: Run, since: tuple[str, ...], tmp_path: Path
) -> None:
    path = Path(since[3])
    whole = path.read_text()
    other = tmp_path / "other.pub"
    public = Ed25519PrivateKey.generate().public_key()
    other.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    assert run(*since[:5], str(other)) == (
        1,
        "",
        "The checkpoint was changed, or was signed with another key.\n",
    )
    path.write_text(whole.replace('"length": 3', '"length": 2', 1))
    assert run(*since)[0] == 1
    for text in (
        "",
        "{}",
        whole.replace('"length"', '"size"'),
        whole.replace('"signature": "', '"signature": "!'),
    ):
        path.write_text(text)
        assert run(*since)[0] == 2
    path.write_text(whole)
    assert run(*since[:4])[0] == 2
    assert run(*since[:5], str(path))[0] == 2
    assert run("audit", "checkpoint", "--key", since[5], "--output", str(tmp_path / "x"))[0] == 2


def reseal(world: World, **values: str) -> None:
    """Change the records of a chain and write all of its seals and its head anew."""
    with world.store.engine.begin() as connection:
        records = select(AuditRecord.__table__).where(AuditRecord.tenant_id == ALDER.id)
        seal = GENESIS
        for row in connection.execute(records.order_by(AuditRecord.number)).mappings().all():
            seal = seal_of(seal, {**row, **values})
            changed = update(AuditRecord).where(AuditRecord.id == row["id"])
            connection.execute(changed.values(**values, seal=seal))
        connection.execute(update(AuditChain).where(AuditChain.tenant_id == ALDER.id).values(seal=seal))
