"""Transfers (SM4), as the rules tell them."""

from __future__ import annotations

from datetime import timedelta

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.customers import is_bound
from tests.stateful.model.relationships import active, are_partners
from tests.stateful.model.state import Input, State, refuse_if
from tests.stateful.model.terms import status as state_of

OPEN = {"pending", "in_progress"}
ASKED_FOR, OFFERED = {"NEW_COMMERCE", "AZURE_PLAN"}, {"LEGACY", "MANUAL_SWITCH"}


def status(row: Row, state: State) -> str:
    """What nobody decides within 30 days is expired."""
    lapsed = row["status"] == "pending" and row["expires_at"] <= state.now
    return "expired" if lapsed else str(row["status"])


def _is_ready(state: State, partner_id: str, customer_id: str, kind: str) -> bool:
    """R29, R33: what a partner must have before it receives."""
    if not active(state, partner_id=partner_id, customer_id=customer_id):
        return False
    if not is_bound(state, customer_id, partner_id):
        return False
    own = {"billing_partner_id": partner_id, "customer_id": customer_id, "billing_type": "usage"}
    azure = [each for each in state.rows("Subscription", **own) if state_of(each, state.now) == "active"]
    return kind != "azure_plan" or {each["commerce"] for each in azure} == {"new_commerce"}


def request(state: State, who: Principal, told: Input) -> Row:
    """SM4c: the target asks, and names no lines."""
    target = state.own_partner(who, Action.REQUEST_TRANSFER)
    kind = told.get("kind", "NEW_COMMERCE")
    customer_id, source = told["customer"].rpartition("_")[2], told["sourcePartner"]
    refuse_if(kind not in ASKED_FOR or source == target["id"])
    refuse_if(not _is_ready(state, target["id"], customer_id, kind.lower()))
    refuse_if(state.rows("Customer", id=customer_id)[0]["market"] != target["market"])
    reseller = told.get("partnerOfRecord")
    provider = target["type"] == "indirect_provider"
    refuse_if(reseller and not (provider and are_partners(state, target["id"], reseller)))
    same = {"source_partner_id": source, "customer_id": customer_id, "kind": kind.lower()}
    earlier = state.rows("Transfer", target_partner_id=target["id"], initiated_by="target", **same)
    refuse_if(any(status(each, state) == "pending" for each in earlier))
    types = {word.lower() for word in told.get("productTypes", [])}
    parties = {**same, "target_partner_id": target["id"], "partner_of_record_id": reseller}
    return _begin(state, target, "target", asked=types, **parties)


def _begin(state: State, by: Row, initiator: str, **values: object) -> Row:
    signed = dict.fromkeys(("source_consented_at", "customer_consented_at", "target_consented_at"))
    return state.add(
        "Transfer",
        owner_id=by["id"],
        initiated_by=initiator,
        status="pending",
        market=by["market"],
        expires_at=state.now + timedelta(days=30),
        **signed,
        **values,
    )


def _chosen(state: State, who: Principal, ids: list[str]) -> list[tuple[Row, Row | None]]:
    """R36: each base with its running add-ons, all of them released."""
    refuse_if(not ids)
    named = [state.get(who, Action.RELEASE, "Subscription", each) for each in dict.fromkeys(ids)]
    bare = {each["id"] for each in named}
    return _with_add_ons(
        state, who, Action.RELEASE, [each for each in named if each["parent_id"] not in bare]
    )


def _with_add_ons(
    state: State, who: Principal, action: Action, bases: list[Row]
) -> list[tuple[Row, Row | None]]:
    moves: list[tuple[Row, Row | None]] = []
    for base in bases:
        seller = base["billing_partner_id"]
        own = state.rows("Subscription", parent_id=base["id"], billing_partner_id=seller, channel="csp")
        running = [each for each in own if state_of(each, state.now) in {"active", "suspended"}]
        for each in running:
            state.get(who, action, "Subscription", each["id"])
        moves += [(base, None), *((each, base) for each in running)]
    return moves


def _can_go(state: State, row: Row, base: Row | None, kind: str, besides: Row | None = None) -> bool:
    """R3, R28 to R37."""
    lines = state.rows("TransferLine", subscription_id=row["id"])
    others = [state.row("Transfer", each["transfer_id"]) for each in lines]
    if any(each is not besides and status(each, state) in OPEN for each in others if each):
        return False
    if state_of(row, state.now) != "active" or row["channel"] != "csp" or row["is_trial"]:
        return False
    if state.rows("Subscription", continues_id=row["id"], channel="csp"):
        return False
    if row["parent_id"] is not None and base is None:
        return False
    legacy, usage = row["commerce"] == "legacy", row["billing_type"] == "usage"
    long = row["term_duration"] == "P3Y" or row["billing_cycle"] == "triennial"
    fits = {
        "new_commerce": not legacy,
        "azure_plan": not legacy and usage,
        "legacy": legacy and not long,
        "manual_switch": legacy and usage,
    }
    return bool(fits[kind])


def offer(state: State, who: Principal, told: Input) -> Row:
    """SM4b, SM4a: the source names what it gives away."""
    moves = _chosen(state, who, told["subscriptionIds"])
    kind, target = told.get("kind", "LEGACY"), told["targetPartner"]
    customer_id = told["customer"].rpartition("_")[2]
    refuse_if(kind not in OFFERED or target == who.tenant_id)
    refuse_if(kind == "LEGACY" and not are_partners(state, target, who.tenant_id))
    refuse_if(not all(_can_go(state, row, base, kind.lower()) for row, base in moves))
    refuse_if(any(row["customer_id"] != customer_id for row, _ in moves))
    source = state.rows("Partner", id=who.tenant_id)[0]
    parties = {"customer_id": customer_id, "source_partner_id": source["id"], "target_partner_id": target}
    made = _begin(
        state, source, "source", kind=kind.lower(), partner_of_record_id=None, asked=set(), **parties
    )
    for row, base in moves:
        _line(state, made, row, base)
    return made


def request_switch(state: State, who: Principal, told: Input) -> Row:
    """R73: the customer names what is to move, and to whom."""
    base = state.get(who, Action.REQUEST_SWITCH, "Subscription", told["id"])
    source, target, customer_id = base["billing_partner_id"], told["targetPartner"], base["customer_id"]
    refuse_if(target == source or not active(state, partner_id=target, customer_id=customer_id))
    is_switch = (base["commerce"], base["billing_type"]) == ("legacy", "usage")
    kind = "manual_switch" if is_switch else "new_commerce"
    moves = _with_add_ons(state, who, Action.REQUEST_SWITCH, [base])
    refuse_if(not all(_can_go(state, row, of, kind) for row, of in moves))
    refuse_if(source is None)
    customer = state.rows("Customer", id=customer_id)[0]
    parties = {"customer_id": customer_id, "source_partner_id": source, "target_partner_id": target}
    made = _begin(state, customer, "customer", kind=kind, partner_of_record_id=None, asked=set(), **parties)
    made["customer_consented_at"] = state.now
    for row, of in moves:
        _line(state, made, row, of)
    return made


def _line(state: State, transfer: Row, row: Row, base: Row | None) -> Row:
    return state.add(
        "TransferLine",
        transfer_id=transfer["id"],
        subscription_id=row["id"],
        new_subscription_id=None,
        base_id=base["id"] if base else None,
        quantity=row["quantity"],
        failed=None,
    )


def accept(state: State, who: Principal, told: Input) -> Row:
    """A request by choosing what goes, all of it or nothing; an offer as it is, line by line."""
    row = state.get_version(who, Action.ACCEPT, "Transfer", told)
    refuse_if(status(row, state) != "pending")
    ids = told.get("subscriptionIds")
    if row["initiated_by"] == "source":
        refuse_if(ids is not None)
        refuse_if(not _is_ready(state, row["target_partner_id"], row["customer_id"], row["kind"]))
        _move_lines(state, row)
        return row
    moves = _chosen(state, who, ids or [])
    refuse_if(not all(_can_go(state, each, base, row["kind"]) for each, base in moves))
    refuse_if(any(each["customer_id"] != row["customer_id"] for each, _ in moves))
    bases = [each for each, base in moves if base is None]
    refuse_if(row["asked"] and any(_product(each) not in row["asked"] for each in bases))
    for each, base in moves:
        _line(state, row, each, base)
    _move_lines(state, row)
    return row


def _product(row: Row) -> str | None:
    if row["billing_type"] == "usage":
        return "azure_subscription"
    return "online_services_nce" if row["commerce"] == "new_commerce" else None


def _move_lines(state: State, transfer: Row) -> None:
    """R31, R36, R38: the target bills a successor; the source's one closes. What cannot go stays."""
    target = state.rows("Partner", id=transfer["target_partner_id"])[0]
    ready = target["status"] == "active" and _is_ready(
        state, target["id"], transfer["customer_id"], transfer["kind"]
    )
    lines, became = state.rows("TransferLine", transfer_id=transfer["id"]), dict[str, Row]()
    rows = {line["id"]: state.rows("Subscription", id=line["subscription_id"])[0] for line in lines}
    fit = {
        line["id"]: ready
        and _can_go(
            state, rows[line["id"]], state.row("Subscription", line["base_id"]), transfer["kind"], transfer
        )
        for line in lines
    }
    for line in lines:
        old, base_id = rows[line["id"]], line["base_id"]
        line["failed"] = not fit[line["id"]] or (base_id is not None and base_id not in became)
        if not line["failed"]:
            became[old["id"]] = new = _successor(state, transfer, line, old, became.get(base_id))
            line["new_subscription_id"] = new["id"]
    failed = {line["failed"] for line in lines}
    both, none = failed == {True, False}, failed == {False}
    transfer["status"] = "completed_with_errors" if both else "completed" if none else "failed"


def _successor(state: State, transfer: Row, line: Row, old: Row, base: Row | None) -> Row:
    target = transfer["target_partner_id"]
    kept = {name: value for name, value in old.items() if name not in {"id", "version"}}
    new = {
        "owner_id": target,
        "billing_partner_id": target,
        "support_contact_id": target,
        "partner_of_record_id": transfer["partner_of_record_id"],
        "parent_id": base["id"] if base else None,
        "continues_id": old["id"],
        "quantity": line["quantity"],
    }
    made = state.add("Subscription", **{**kept, **new})
    if (old["commerce"], old["billing_type"]) == ("legacy", "license"):
        old.update(state="suspended", left=True, kept_until=state.now + timedelta(days=90))
        old.update(auto_renew_enabled=False, commitment_end_date=state.now)
    else:
        old.update(state="deleted", left=True)
    return made


def consent(state: State, who: Principal, told: Input) -> Row:
    """SM4a: the three sides sign, each once; with the last signature it moves."""
    row = state.get_version(who, Action.CONSENT, "Transfer", told)
    refuse_if(status(row, state) != "pending")
    sides = {
        row["source_partner_id"]: "source_consented_at",
        row["customer_id"]: "customer_consented_at",
        row["target_partner_id"]: "target_consented_at",
    }
    side = sides[who.tenant_id]
    refuse_if(row[side] is not None)
    if row["initiated_by"] == "customer":  # R73
        refuse_if(side == "target_consented_at" and row["source_consented_at"] is None)
        for line in (
            state.rows("TransferLine", transfer_id=row["id"]) if side == "source_consented_at" else ()
        ):
            state.get(who, Action.RELEASE, "Subscription", line["subscription_id"])
    if side == "target_consented_at":
        refuse_if(not _is_ready(state, row["target_partner_id"], row["customer_id"], row["kind"]))
    row[side] = state.now
    if None not in {row[name] for name in sides.values()}:
        _move_lines(state, row)
    return row


def decline(state: State, who: Principal, told: Input) -> Row:
    """No, while it is pending."""
    row = state.get_version(who, Action.DECLINE, "Transfer", told)
    refuse_if(status(row, state) != "pending")
    refuse_if(row["initiated_by"] == "customer" and not told.get("reason"))  # R73
    row["status"] = "declined"
    return row


def cancel(state: State, who: Principal, told: Input) -> Row:
    """Taken back, while it is pending (R39)."""
    row = state.get_version(who, Action.CANCEL, "Transfer", told)
    refuse_if(status(row, state) != "pending")
    row["status"] = "canceled"
    return row
