"""The machine: it does what people might do, lets time pass, and holds every answer against the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from multichannel.services.audit import verify
from multichannel.services.expiry import sweep
from multichannel.store.users import Caller
from tests.policy.oracle import Row
from tests.stateful import cast
from tests.stateful.calls import Call, Deal, Hand
from tests.stateful.checks import (
    Snapshot,
    check_bare,
    check_books,
    check_chains,
    check_lines,
    in_force,
    read,
)
from tests.stateful.comparing import check_state
from tests.stateful.dealing_cases import CASES
from tests.stateful.dealing_links import PEOPLE, RELATIONS
from tests.stateful.dealing_sales import BEGINNINGS, DECISIONS, LIFE, PURCHASES
from tests.stateful.ended_consent import ENDING, EndedConsent
from tests.stateful.model import Outcome, predict
from tests.stateful.model.delegated_admin import extends_itself
from tests.stateful.model.subscriptions import settle
from tests.stateful.model.transfers import status
from tests.stateful.service import Service
from tests.stateful.sight import check_access, check_ended, check_sight

EVERYTHING: dict[str, Deal] = {
    **RELATIONS,
    **PEOPLE,
    **PURCHASES,
    **LIFE,
    **CASES,
    **BEGINNINGS,
    **DECISIONS,
}
STATUSES = {Outcome.REFUSED: "failed", Outcome.FORBIDDEN: "declined", Outcome.NOT_FOUND: "declined"}
SELDOM = 8
"""One time in so many the lists of `access` are read, which is slow."""
ENOUGH = 4
"""So many transfers may wait before more are begun."""


class Machine(RuleBasedStateMachine):
    """One run from the beginning of the small world."""

    service: ClassVar[Service]
    tally: ClassVar[dict[tuple[str, str], int]]

    def __init__(self) -> None:
        """Begin anew."""
        super().__init__()
        self.service.reset()
        self.state = cast.state()
        self.found = self._read()
        self.last: tuple[Call, Outcome, str | None] | None = None
        self.calls = 0
        self.ended = EndedConsent()

    def teardown(self) -> None:
        """The chains are whole, by our own reckoning and by the service's."""
        check_chains(self._read())
        assert [str(each) for each in verify(self.service.store) if each.flaw] == []

    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        """Somebody does something about relationships and partnerships."""
        self._play(data, RELATIONS)

    @rule(data=st.data())
    def manage(self, data: st.DataObject) -> None:
        """Somebody does something about customers, agreements or users."""
        self._play(data, PEOPLE)

    @rule(data=st.data())
    def buy(self, data: st.DataObject) -> None:
        """A new subscription."""
        self._play(data, PURCHASES)

    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        """Something is done to a subscription."""
        self._play(data, LIFE)

    @rule(data=st.data())
    def support(self, data: st.DataObject) -> None:
        """Somebody does something about support cases."""
        self._play(data, CASES)

    @precondition(lambda self: self._waiting() < ENOUGH)
    @rule(data=st.data())
    def begin_transfer(self, data: st.DataObject) -> None:
        """A transfer is asked for or offered."""
        self._play(data, BEGINNINGS)

    @precondition(lambda self: self.state.tables["Transfer"])
    @rule(data=st.data())
    def decide_transfer(self, data: st.DataObject) -> None:
        """A transfer is decided, or signed."""
        self._play(data, DECISIONS)

    @precondition(lambda self: self.state.tables["Transfer"])
    @rule(data=st.data())
    def settle_transfer(self, data: st.DataObject) -> None:
        """A transfer is accepted, or signed by one more side."""
        self._play(data, {name: DECISIONS[name] for name in ("acceptTransfer", "consentToTransfer")})

    @rule(data=st.data())
    def try_wrong_party(self, data: st.DataObject) -> None:
        """Somebody else does it."""
        call = self._deal(data, EVERYTHING, loose=False)
        if call:
            users = self.state.people()
            stranger = users[data.draw(st.integers(0, len(users) - 1))]["id"]
            self._call(data, replace(call, user_id=stranger))

    @rule(data=st.data())
    def try_wrong_state(self, data: st.DataObject) -> None:
        """It is done to any row, whatever its state, or to an old version of it."""
        call = self._deal(data, EVERYTHING, loose=True)
        if call:
            self._call(data, call)

    @precondition(lambda self: self.last)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The same call with the same key: the first outcome again, and nothing written."""
        assert self.last
        call, outcome, row_id = self.last
        if outcome not in {Outcome.DONE, Outcome.REFUSED}:  # a denial is decided anew
            self._call(data, call)
            return
        answer = self.service.change(self._caller(call.user_id), call.mutation, call.told)
        assert answer.outcome == outcome, (call, answer)
        assert answer.row_id in {None, row_id}, "a repeated call was done once more"
        self._check_unchanged(data, call, status=None)

    @precondition(lambda self: self.last and self.last[1] in {Outcome.DONE, Outcome.REFUSED})
    @rule(data=st.data())
    def reuse_key(self, data: st.DataObject) -> None:
        """The same key with another input is refused, and nothing is done."""
        assert self.last
        call = self.last[0]
        other = self._deal(data, {call.mutation: EVERYTHING[call.mutation]}, loose=True)
        told = {**other.told, "idempotencyKey": call.told["idempotencyKey"]} if other else call.told
        if told != call.told:
            answer = self.service.change(self._caller(call.user_id), call.mutation, told)
            reused = ("refused", ("IDEMPOTENCY_KEY_REUSED",))
            assert (answer.outcome, answer.codes) == reused, (call, told, answer)
            self._check_unchanged(data, call, status="failed")

    @rule(
        data=st.data(),
        hours=st.sampled_from((1, 23, 24, 24 * 6, 24 * 8, 24 * 29, 24 * 31, 24 * 62, 24 * 100)),
    )
    def wait(self, data: st.DataObject, hours: int) -> None:
        """Time passes, and nobody does anything."""
        self.service.clock.now += timedelta(hours=hours)
        self.state.now = self.service.clock.now
        self._check(data)

    @rule(data=st.data())
    def sweep(self, data: st.DataObject) -> None:
        """What time has done is written down, and told once."""
        before = self.found
        swept = sweep(self.service.store)
        for row in self.state.tables["Subscription"]:
            settle(row, self.state.now)
        for row in self.state.tables["DelegatedAdminGrant"]:
            extends_itself(row, self.state.now)
        self._check(data)
        for noun, count in swept.items():
            old = before.by_id(noun)
            rows = [(old[key], row) for key, row in self.found.by_id(noun).items()]
            assert count == sum(was["version"] != row["version"] for was, row in rows)
            assert all(str(row["status"]) == in_force(noun, row, self.state.now) for _, row in rows)
        check_books(before, self.found, None)

    def _play(self, data: st.DataObject, deals: dict[str, Deal]) -> None:
        call = self._deal(data, deals, loose=False)
        if call:
            self._call(data, call)

    def _deal(self, data: st.DataObject, deals: dict[str, Deal], *, loose: bool) -> Call | None:
        """A call of one of these kinds; of the next one, where there is nothing to do it to."""
        names = list(deals)
        self.calls += 1
        hand = Hand(data, self.state, self.calls, loose)
        first = names.index(hand.of(*names))
        for name in names[first:] + names[:first]:
            try:
                user_id, told = deals[name](hand)
            except LookupError:
                continue
            return Call(name, user_id, {**told, "idempotencyKey": f"key {self.calls}"})
        return None

    def _call(self, data: st.DataObject, call: Call) -> None:
        """Do it, and hold answer, rows and books against what the model says."""
        before, user = self.found, self._user(call.user_id)
        expected, shown = predict(self.state, call.user_id, call.mutation, call.told)
        answer = self.service.change(self._caller(call.user_id), call.mutation, call.told)
        note(f"{user['display_name']}: {call.mutation} {call.told} -> {answer} (expected {expected})")
        self.tally[call.mutation, expected] = self.tally.get((call.mutation, expected), 0) + 1
        assert answer.outcome == expected, (user["display_name"], user["roles"], call, answer)
        if expected is not Outcome.DONE:
            self._check_unchanged(data, call, before, status=STATUSES[expected])
            self.last = (call, expected, None)
            return
        self.ended.note(call.mutation, shown or {}, self.state.rows("ResellerRelationship"))
        self._check(data)
        if call.mutation == ENDING and shown:
            self._check_ended(self.state.people())
        assert shown
        assert answer.row_id in {None, shown["id"]}
        self.last = (call, expected, shown["id"])
        if self.found.tables["Event"] == before.tables["Event"]:  # what was asked for was so already
            check_bare(before, self.found, user["tenant_id"], "succeeded")
        else:
            check_books(before, self.found, user["tenant_id"])

    def _check_unchanged(
        self, data: st.DataObject, call: Call, before: Snapshot | None = None, *, status: str | None
    ) -> None:
        before = before or self.found
        self._check(data)
        check_bare(before, self.found, self._user(call.user_id)["tenant_id"], status)

    def _check(self, data: st.DataObject) -> None:
        """What must hold at any time; what one of the users sees."""
        self.found = self._read(self.found)
        check_state(self.state, self.found)
        check_lines(self.found)
        users = self.state.people()
        user = users[data.draw(st.integers(0, len(users) - 1), label="onlooker")]
        check_sight(self.service, self.state, self.found, user)
        self._check_ended([user])
        if self.calls % SELDOM == 0:
            check_access(self.service, self.state, user)

    def _check_ended(self, users: Iterable[Row]) -> None:
        """Nothing is open to people of a partner that a customer has shown the door."""
        for user in users:
            closed = self.ended.customers_of(user["tenant_id"])
            if closed:
                check_ended(self.service, self.found, user, closed)

    def _waiting(self) -> int:
        """How many transfers wait for an answer."""
        return sum(status(row, self.state) == "pending" for row in self.state.tables["Transfer"])

    def _user(self, user_id: str) -> Row:
        return self.state.rows("User", id=user_id)[0]

    def _caller(self, user_id: str) -> Caller:
        return self.service.caller(self._user(user_id))

    def _read(self, earlier: Snapshot | None = None) -> Snapshot:
        return read(self.service.engine, self.service.clock.now, earlier)


def machine_of(
    service: Service, *, without: Iterable[str] = ()
) -> tuple[type[Machine], dict[tuple[str, str], int]]:
    """A machine over a service, `without` some of its rules, and its tally of what came of each mutation."""
    tally: dict[tuple[str, str], int] = {}
    names: dict[str, Any] = {"service": service, "tally": tally, **dict.fromkeys(without)}
    return type("MachineOfOneService", (Machine,), names), tally
