"""Reseller relationships (SM1) and partnerships (SM3), as the rules tell them."""

from __future__ import annotations

from datetime import timedelta

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model import delegated_admin
from tests.stateful.model.state import Input, State, refuse_if

RELATIONSHIP = "ResellerRelationship"


def status(row: Row, state: State) -> str:
    """A request nobody answers within its 90 days is expired."""
    lapses = row["expires_at"]
    if row["status"] == "requested" and lapses is not None and lapses <= state.now:
        return "expired"
    return str(row["status"])


def active(state: State, **equal: object) -> list[Row]:
    """Relationships in force."""
    return state.rows(RELATIONSHIP, status="active", **equal)


def are_partners(state: State, provider_id: str, reseller_id: str) -> bool:
    """Whether a provider and a reseller work together."""
    return bool(state.rows("Partnership", provider_id=provider_id, reseller_id=reseller_id, status="active"))


def request(state: State, who: Principal, told: Input) -> Row:
    """A partner asks an address; through a provider both ask, and are answered as one."""
    address, provider = told["customer"].lower(), told.get("provider")
    admin = bool(told.get("includeDelegatedAdmin"))
    if admin:
        state.own_partner(who, Action.REQUEST_DELEGATED_ADMIN)
    action = Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if provider else Action.REQUEST_RELATIONSHIP
    partner = state.own_partner(who, action)
    known = [
        each["id"]
        for each in state.rows("Customer")
        if address == each["directory_id"] or (each["verified"] and address == each["domain"])
    ]
    refuse_if(address == partner["id"])  # R10
    refuse_if(provider and not are_partners(state, provider, partner["id"]))
    asked = state.rows(RELATIONSHIP, partner_id=partner["id"], addressed_to=address)
    own = [each for each in asked if each["associated_partner_id"] is None]
    refuse_if(any(status(each, state) == "requested" for each in own))
    refuse_if(any(active(state, partner_id=partner["id"], customer_id=each) for each in known))
    refuse_if(any(_no(state, each) for each in asked))
    held_back = known and any(
        _no(state, each)
        for each in state.rows(RELATIONSHIP, customer_id=known[0])
        if each["partner_id"] == partner["id"]
        or (each["partner_id"] == provider and each["associated_partner_id"] is None)
    )
    common = {
        "customer_id": known[0] if known and not held_back else None,
        "addressed_to": address,
        "status": "requested",
        "delegated_admin_requested": admin,
        "expires_at": state.now + timedelta(days=90),
    }
    made = _add(state, partner, **common)
    links = [made]
    if provider:
        beside = {"associated_partner_id": partner["id"], "invited_with_id": made["id"]}
        links.append(_add(state, state.rows("Partner", id=provider)[0], **common, **beside))
    for each in links if admin else ():
        delegated_admin.add(state, each, {}, along=True)
    return made


def _add(state: State, partner: Row, **values: object) -> Row:
    nothing = dict.fromkeys(("associated_partner_id", "invited_with_id", "expires_at", "end_reason"))
    admin = {"delegated_admin_requested": False, "is_extension": False, "detached_reseller_ids": []}
    told = {"partner_id": partner["id"], "market": partner["market"]}
    return state.add(RELATIONSHIP, **{**nothing, **admin, **told, **values})


def _together(state: State, row: Row) -> list[Row]:
    """A request with the one beside it."""
    first = row["invited_with_id"]
    beside = {"id": first} if first else {"invited_with_id": row["id"]}
    return [row, *state.rows(RELATIONSHIP, **beside)]


def _close(state: State, row: Row, to: str) -> None:
    refuse_if(status(row, state) != "requested")
    row["status"] = to


def accept(state: State, who: Principal, told: Input) -> Row:
    """R14: the customer's global admin, who signs the agreement in the same step if need be; R12."""
    row = state.get(who, Action.ACCEPT, RELATIONSHIP, told["id"])
    customer = state.rows("Customer", id=row["customer_id"])[0]
    names = ("partner_id", "customer_id", "associated_partner_id")
    there = [bool(active(state, **{name: each[name] for name in names})) for each in _together(state, row)]
    refuse_if(there[0])
    for each, again in zip(_together(state, row), there, strict=True):
        _close(state, each, "canceled" if again else "active")
        if again:
            delegated_admin.end_all(state, each)
            continue
        refuse_if(each["market"] != customer["market"])
        each["expires_at"] = None
        for grant in state.rows(delegated_admin.GRANT, relationship_id=each["id"]):
            _answer(state, grant, told.get("delegatedRights"))
    if not state.rows("CustomerAgreement", customer_id=customer["id"], kind="direct"):
        refuse_if("agreement" not in told)
        state.add("CustomerAgreement", customer_id=customer["id"], partner_id=None, kind="direct")
    if row["is_extension"]:
        _share_profile(state, row)
    return row


def _share_profile(state: State, row: Row) -> None:
    """SM1: a provider without one gets the billing profile of a partner that still has a relationship."""
    own, profiles = row["associated_partner_id"], {"customer_id": row["customer_id"]}
    there = state.rows("BillingProfile", partner_id=own, **profiles)
    theirs = state.rows("BillingProfile", partner_id=row["partner_id"], **profiles)
    if there and not theirs and active(state, partner_id=own, **profiles):
        state.add("BillingProfile", partner_id=row["partner_id"], **profiles)


def _answer(state: State, grant: Row, rights: list[str] | None) -> None:
    """What was asked for along with a relationship: a yes to no right at all is a no."""
    if delegated_admin.is_open(grant, state):
        if rights == []:
            grant["status"] = "declined"
        else:
            delegated_admin.approve_row(grant, state, rights)


def decline(state: State, who: Principal, told: Input) -> Row:
    """The customer's no."""
    row = state.get(who, Action.DECLINE, RELATIONSHIP, told["id"])
    for each in _together(state, row):
        _close(state, each, "declined")
        each["closed_at"] = state.now
        delegated_admin.end_all(state, each, "declined")
    return row


def cancel(state: State, who: Principal, told: Input) -> Row:
    """The partner takes its request back."""
    row = state.get(who, Action.CANCEL, RELATIONSHIP, told["id"])
    for each in _together(state, row):
        _close(state, each, "canceled")
        delegated_admin.end_all(state, each)
    return row


def extend(state: State, who: Principal, told: Input) -> Row:
    """SM1, R64: the customer is asked for a relationship of the provider, without admin rights."""
    row = state.get(who, Action.EXTEND, RELATIONSHIP, told["id"])
    provider, own = told["provider"], row["partner_id"]
    refuse_if(status(row, state) != "active" or row["associated_partner_id"] is not None)
    refuse_if(not are_partners(state, provider, own))
    through = [
        each
        for each in state.rows(RELATIONSHIP, partner_id=provider, associated_partner_id=own)
        if each["customer_id"] == row["customer_id"] or each["addressed_to"] == row["addressed_to"]
    ]
    refuse_if(any(status(each, state) in {"active", "requested"} or _no(state, each) for each in through))
    held_back = any(
        _no(state, each)
        for each in state.rows(RELATIONSHIP, partner_id=provider, customer_id=row["customer_id"])
        if each["associated_partner_id"] is None
    )
    return _add(
        state,
        state.rows("Partner", id=provider)[0],
        customer_id=None if held_back else row["customer_id"],
        associated_partner_id=own,
        addressed_to=row["addressed_to"],
        status="requested",
        is_extension=True,
        expires_at=state.now + timedelta(days=90),
    )


def _no(state: State, row: Row) -> bool:
    """R64: a no that is younger than 30 days."""
    return row["status"] == "declined" and bool(row["closed_at"] + timedelta(days=30) > state.now)


def invite(state: State, who: Principal, told: Input) -> Row:
    """SM3, R12: it reaches a partner of the provider's market, and looks the same where there is none."""
    provider = state.own_partner(who, Action.INVITE_RESELLER)
    address = told["reseller"].lower()
    refuse_if(address == provider["id"])
    open_ones = state.rows("Partnership", provider_id=provider["id"], addressed_to=address)
    refuse_if(any(each["status"] != "removed" for each in open_ones))
    found = state.rows("Partner", id=address, market=provider["market"])
    return state.add(
        "Partnership",
        provider_id=provider["id"],
        reseller_id=found[0]["id"] if found else None,
        addressed_to=address,
        status="invited",
        market=provider["market"],
    )


def consent(state: State, who: Principal, told: Input) -> Row:
    """R27: the reseller's global admin."""
    row = state.get(who, Action.ACCEPT, "Partnership", told["id"])
    refuse_if(row["status"] != "invited")
    row["status"] = "active"
    return row


def part(state: State, who: Principal, told: Input) -> Row:
    """The provider ends it, or takes the invitation back."""
    row = state.get(who, Action.REMOVE, "Partnership", told["id"])
    refuse_if(row["status"] == "removed")
    row["status"] = "removed"
    return row


def send_link(state: State, who: Principal, told: Input) -> Row:
    """R56: for a request that waits, or R54 a customer of one's own making that nobody has linked."""
    row = state.get(who, Action.INVITE, RELATIONSHIP, told["id"])
    customer = state.row("Customer", row["customer_id"])
    unlinked = customer is not None and customer["directory_id"] is None
    refuse_if(status(row, state) != "requested" and not (status(row, state) == "active" and unlinked))
    return row


def renew_link(state: State, who: Principal, told: Input) -> Row:
    """R57: for an invitation that is not accepted."""
    row = state.get(who, Action.INVITE, "Partnership", told["id"])
    refuse_if(row["status"] != "invited")
    return row
