"""Support cases over the API: opened, worked on and read by personas."""

from __future__ import annotations

from typing import Any

from multichannel.demo.cast import fixed_id
from tests.graphql.conftest import Answer, Api

CASE = """supportCase {
  id status version commentCount assignedPartner { name } comments { number party authorName text }
}"""
READ = (
    f"query ($id: ID!) {{ node(id: $id) {{ ... on SupportCase {{ {CASE[len('supportCase {') : -1]} }} }} }}"
)
OPEN, COMMENT, ASSIGN = "openSupportCase", "commentOnSupportCase", "assignSupportCase"
RESOLVE, REOPEN, CLOSE = "resolveSupportCase", "reopenSupportCase", "closeSupportCase"
WORK = (COMMENT, ASSIGN, RESOLVE, REOPEN, CLOSE)


def subscription(key: str) -> str:
    """The global id of a subscription of the demo world."""
    return "subscription_" + fixed_id(f"{key}.subscription")


def send(api: Api, persona: str, mutation: str, **input: Any) -> Answer:
    """The answer to one mutation with this input."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = (
        f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {CASE} userErrors {{ code path }} }} }}"
    )
    return api.ask(persona, document, input=input)


def done(api: Api, persona: str, mutation: str, **input: Any) -> Any:
    """The case after a mutation that was not refused."""
    payload = send(api, persona, mutation, **input).data[mutation]
    assert payload["userErrors"] == []
    return payload["supportCase"]


def refused(api: Api, persona: str, mutation: str, **input: Any) -> tuple[str, list[str]]:
    """Code and path of the one refusal."""
    payload = send(api, persona, mutation, **input).data[mutation]
    (error,) = payload["userErrors"]
    assert payload["supportCase"] is None
    return error["code"], error["path"]


def denied(api: Api, persona: str, mutation: str, **input: Any) -> tuple[str, list[str]]:
    """Code and reasons of the denial."""
    (error,) = send(api, persona, mutation, **input).body["errors"]
    return error["extensions"]["code"], error["extensions"].get("reasons", [])


def opened(api: Api, persona: str, key: str, **input: Any) -> str:
    """The id of a new case of a subscription of the demo world."""
    about = {"subject": "No mail since noon", "severity": "B"}
    case = done(api, persona, OPEN, subscription=subscription(key), **about | input)
    return str(case["id"])


def least(mutation: str, case_id: str) -> dict[str, Any]:
    """The least input of a mutation of a case."""
    more = {COMMENT: {"comment": "Why?"}, ASSIGN: {"partner": fixed_id("nobody")}}
    return {"id": case_id, **more.get(mutation, {})}


def read(api: Api, persona: str, case_id: str) -> Any:
    """A case as a persona reads it; None if it does not see it."""
    answer = api.ask(persona, READ, id=case_id)
    return answer.body["data"]["node"]
