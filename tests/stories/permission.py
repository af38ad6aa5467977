"""What a customer permits a partner, step by step, and what both sides find after each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.http.test_ended_relationship_streams import by_sse
from tests.http.test_streams import LAST_EVENT
from tests.importing.books import guid
from tests.stories.outside import OutsideStory

AZURE, SEATS, SECRET = "Press hall", "Front desk", "Merger"
STILL_SOLD = "Still sold"
SIGNER = {"firstName": "Ada", "lastName": "Reed", "email": "ada@orchard.example"}
YEAR_OF_BOTH = {
    "includeDelegatedAdmin": True,
    "delegatedRights": ["SUPPORT", "MANAGE_SUBSCRIPTIONS"],
    "delegatedDuration": "P1Y",
}
SUPPORT_FOR_90_DAYS = {"delegatedRights": ["SUPPORT"], "delegatedDuration": "P90D"}
RELATIONSHIP = "resellerRelationship { status }"
SUBSCRIPTION = "subscription { id version status friendlyName canceledServices }"
GRANT = "delegatedAdminGrant { id status }"
CASE = "supportCase { id status assignedPartner { name } }"
ASKS = """status partner { name type market domain }
  delegatedAdminGrants { nodes { status rights duration } }"""
LEFT = "status delegatedAdmin delegatedAdminGrants { nodes { status } }"
LAST_ACT = """{ auditRecords(last: 1, orderBy: NUMBER) { nodes {
  operation actorName delegatedAdminGrant { id } } } }"""
CHANGES = """subscription { subscriptionChanged(after: "%s") {
  subscription { friendlyName viewerCan } } }"""
ACCESS = """query ($ids: [ID!]!, $azure: ID!) {
  nodes(ids: $ids) { ... on Subscription { viewerCan access { tenant { name } standing roles actions } } }
  OPEN_SUPPORT_CASE: whoMay(action: OPEN_SUPPORT_CASE, id: $azure) { tenant { name } roles }
  CANCEL_SERVICE: whoMay(action: CANCEL_SERVICE, id: $azure) { tenant { name } roles } }"""
FOUND = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Subscription { viewerCan } } }"
SUPPORTED = {"relationship_holder", "delegated_support"}
MANAGED = SUPPORTED | {"delegated_manage_subscriptions"}


@dataclass(frozen=True)
class Permission:
    """A relationship, those who speak for its sides, and the three records of the customer by name."""

    story: OutsideStory
    agent: str
    owner: str
    relationship: str
    customer: str
    records: dict[str, str]
    provider: str
    """Who sells what is recreated in CSP: the agent itself, or its provider's, which may support as well."""

    @property
    def partner(self) -> str:
        """The name of the partner."""
        return _company(self.agent)

    @property
    def company(self) -> str:
        """The name of the customer."""
        return _company(self.owner)

    def opens(self, *standings: str) -> None:
        """The partner has exactly these standings at what is shared with it, and none at the third record.

        Its provider has those of them that it was permitted at first. Of roles and actions the customer is
        told what both sides find by signing in, and by action the same.
        """
        ids = [*self.records.values()]
        answers = self.story.ask(self.owner, ACCESS, ids=ids, azure=self.records[AZURE])
        owns, finds = answers.pop("nodes"), self.story.ask(self.agent, FOUND, ids=ids)["nodes"]
        own = {(self.company, "buyer"), (self.company, "customer")}
        theirs = {(self.partner, each) for each in standings}
        theirs |= {(_company(self.provider), each) for each in SUPPORTED & {*standings}}
        for name, node, found in zip(self.records, owns, finds, strict=True):
            entries, may = node["access"], _by_role(node["access"])
            told = {(each["tenant"]["name"], each["standing"]) for each in entries}
            assert told == (own if name == SECRET else own | theirs)
            assert may[self.company, "GLOBAL_ADMIN"] == set(node["viewerCan"])
            assert may.get((self.partner, "ADMIN_AGENT"), set()) == set(found["viewerCan"] if found else ())
        for action, answer in answers.items():
            who = {(each["tenant"]["name"], role) for each in answer for role in each["roles"]}
            assert who == {key for key, actions in _by_role(owns[0]["access"]).items() if action in actions}

    def rename(self, login: str, subscription: str, name: str, version: int) -> None:
        """One of the two sides changes the name of a subscription."""
        change = {"id": subscription, "expectedVersion": version, "friendlyName": name}
        self.story.done(login, "updateSubscription", SUBSCRIPTION, **change)

    @contextmanager
    def listening(self) -> Iterator[Callable[[], Any]]:
        """The partner's open stream, which tells every change after the first of the second record."""
        self.story.clock.now += timedelta(hours=1)
        self.rename(self.owner, self.records[SEATS], "Reception", 2)
        (seen,) = self.story.ask(self.owner, LAST_EVENT)["auditRecords"]["nodes"]
        with by_sse(self.story.server, CHANGES % seen["eventId"], self.agent) as heard:
            yield lambda: heard()["data"]["subscriptionChanged"]["subscription"]


def permitted(
    story: OutsideStory, agent: str, owner: str, relationship: str, provider: str | None = None
) -> Permission:
    """A year of two rights was asked for, and SUPPORT for 90 days given; then the customer shares records."""
    given = [{"status": "ACTIVE", "rights": ["SUPPORT"], "duration": "P90D"}]
    for login in (agent, owner):
        assert story.node(login, relationship, ASKS)["delegatedAdminGrants"] == {"nodes": given}
    customer = story.node(owner, relationship, "customer { id }")["customer"]["id"]
    before, partners = story.sees(agent), {guid(_name(each)) for each in (agent, provider or agent)}
    records = _record_what_was_bought_elsewhere(story, customer, owner, sorted(partners))
    assert story.sees(agent) - before == {AZURE, SEATS}
    permission = Permission(story, agent, owner, relationship, customer, records, provider or agent)
    permission.opens(*SUPPORTED)
    return permission


def _by_role(access: list[dict[str, Any]]) -> dict[tuple[str, str], set[str]]:
    """The actions by company and role."""
    may: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in access:
        for role in each["roles"]:
            may[each["tenant"]["name"], role] |= set(each["actions"])
    return dict(may)


def _name(login: str) -> str:
    return login.partition("-")[0]


def _company(login: str) -> str:
    return _name(login).title()


def _record_what_was_bought_elsewhere(
    story: OutsideStory, customer: str, owner: str, partners: list[str]
) -> dict[str, str]:
    """A customer records three subscriptions, and shares two of them with partners; their ids by name."""
    seats: dict[str, Any] = {"channel": "DIRECT", "billingType": "LICENSE", "quantity": 12}
    azure = {"channel": "EA", "billingType": "USAGE", "services": ["storage", "virtual-machines"]}
    ids = {}
    for name, bought in {AZURE: azure, SEATS: seats, SECRET: seats}.items():
        named = {"customer": customer, "offerName": name, "friendlyName": name, "sharing": "NONE"}
        recorded = story.done(owner, "recordExternalSubscription", SUBSCRIPTION, **named, **bought)
        ids[name] = recorded["id"]
    for name in (AZURE, SEATS):
        shared = {"expectedVersion": 1, "sharing": "SELECTED", "partners": partners}
        story.done(owner, "setSubscriptionSharing", SUBSCRIPTION, id=ids[name], **shared)
    assert story.sees(owner) == {AZURE, SEATS, SECRET}
    return ids


def open_a_case(permission: Permission) -> str:
    """The partner opens a case by its right to support; the id of the case, which the customer sees."""
    story, record = permission.story, permission.records[SEATS]
    case = story.done(permission.agent, "openSupportCase", CASE, subscription=record, subject="No mail")
    assert case == {"id": case["id"], "status": "OPEN", "assignedPartner": {"name": permission.partner}}
    assert story.node(permission.owner, case["id"], "id status assignedPartner { name }") == case
    return str(case["id"])


def recreate_in_csp(permission: Permission) -> str:
    """The subscription that takes the place of the shared Azure, whose services can be canceled then."""
    azure = {"id": permission.records[AZURE]}
    return str(
        permission.story.done(permission.provider, "moveSubscriptionToCsp", SUBSCRIPTION, **azure)["id"]
    )


def cancel_a_service_with_the_right_to(permission: Permission, *more_rights: str) -> None:
    """The partner is denied, asks for more, is denied until the customer approves, and cancels a service."""
    story, agent, azure = permission.story, permission.agent, permission.records[AZURE]
    one = {"id": azure, "expectedVersion": 2, "service": "storage"}
    assert story.denied(agent, "cancelService", SUBSCRIPTION, **one) == ("FORBIDDEN", [])

    wanted = {"rights": ["MANAGE_SUBSCRIPTIONS", *more_rights], "duration": "P90D"}
    more = story.done(agent, "requestDelegatedAdmin", GRANT, id=permission.relationship, **wanted)
    assert story.denied(agent, "cancelService", SUBSCRIPTION, **one) == ("FORBIDDEN", [])
    permission.opens(*SUPPORTED)
    assert story.done(permission.owner, "approveDelegatedAdmin", GRANT, id=more["id"])["status"] == "ACTIVE"

    permission.opens(*MANAGED)
    assert story.done(agent, "cancelService", SUBSCRIPTION, **one)["canceledServices"] == ["storage"]
    (act,) = story.ask(permission.owner, LAST_ACT)["auditRecords"]["nodes"]
    by = {"actorName": f"{permission.partner} admin agent", "delegatedAdminGrant": {"id": more["id"]}}
    assert act == {"operation": "cancel_service", **by}


def end_while_the_partner_listens(permission: Permission, sold: str, version: int, *more: str) -> None:
    """The open stream tells the partner what is still sold, and nothing else from that moment on."""
    story, owner, seats = permission.story, permission.owner, permission.records[SEATS]
    with permission.listening() as heard:
        permission.rename(owner, seats, "Entrance", 3)
        assert heard()["friendlyName"] == "Entrance"

        for each in (permission.relationship, *more):
            ended = {"id": each, "reason": "Another supplier"}
            assert story.done(owner, "endResellerRelationship", RELATIONSHIP, **ended) == {
                "status": "ENDED_BY_CUSTOMER"
            }
        permission.rename(owner, seats, "Hidden", 4)
        permission.rename(permission.provider, sold, STILL_SOLD, version)
        assert heard()["friendlyName"] == STILL_SOLD


def nothing_is_left(permission: Permission, case: str) -> None:
    """After the customer has ended it, the partner finds the company's name, and what it sells itself."""
    story, agent = permission.story, permission.agent
    permission.opens()
    assert [story.node(agent, each) for each in (*permission.records.values(), case)] == [None] * 4
    left = story.node(agent, permission.customer, "companyName viewerCan")
    assert left == {"companyName": permission.company, "viewerCan": ["READ_SUMMARY"]}
    assert story.node(agent, permission.relationship, LEFT) == {
        "status": "ENDED_BY_CUSTOMER",
        "delegatedAdmin": False,
        "delegatedAdminGrants": {"nodes": [{"status": "TERMINATED"}] * 2},
    }
