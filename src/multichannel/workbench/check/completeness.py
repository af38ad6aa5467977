"""What a policy lacks: isolation of clouds and tenants, grants, reasons, test cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from multichannel.domain.tenants import TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Call, Dot, Name, Operation, Span, Term, branches, variables, walk
from multichannel.policy.language.resource_binding import concerns, principals_of
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.language.types import ACTION, record_variable
from multichannel.policy.schema.resources import RESOURCES, Resource, with_article
from multichannel.policy.testing.case_files import SUFFIX
from multichannel.workbench.check.codes import file_finding, finding
from multichannel.workbench.check.grants import granted_actions
from multichannel.workbench.check.normal_form import Membership, normal_condition
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import Helpers, helpers_of, parameter_words

TENANTS = {TenantKind.PARTNER.value, TenantKind.CUSTOMER.value}
DEEPEST = 4
"""How deep helper rules are followed."""


def check_completeness(statements: Sequence[Rule], source: PolicySource) -> Iterator[Finding]:
    """What is missing, at the place where it belongs."""
    rules = [rule for rule in statements if rule.is_verdict]
    first_file = next((name for name, _ in source.texts), "")
    if not any(rule.tree.name == "allow" for rule in rules):
        yield file_finding(first_file, "no-allow", "there is no rule named allow; it belongs in main.polar")
    granted = granted_actions(statements)
    helpers = helpers_of(rule.tree for rule in statements)
    for resource in RESOURCES.values():
        place = _place(resource, statements)
        for code, message, hint in _missing(resource, statements, granted):
            yield (
                finding(place, code, None, message, hint)
                if place
                else file_finding(first_file, code, message, hint)
            )
        about = [each for each in rules if _concerns(each, resource, source)]
        yield from _isolation(resource, about, helpers)
    for rule in rules:
        if rule.tree.name == "has_standing" and not _is_tied(rule, statements):
            message = "the standing does not depend on the principal's tenant: every tenant has it"
            hint = 'Compare an id of the record with caller.tenant_id, or require caller.kind = "system".'
            yield finding(rule, "untied-standing", Span(0, rule.tree.head.end), message, hint)
        if rule.tree.name == "forbid" and not rule.comment.strip():
            hint = "Write a comment above it, with the number of the business rule."
            yield finding(rule, "uncommented-restriction", None, "the restriction has no comment", hint)


def check_cases(folder: Path, statements: Sequence[Rule]) -> Iterator[Finding]:
    """Policy files without a case file."""
    for file in dict.fromkeys(rule.file for rule in statements if rule.record_type in RESOURCES):
        beside = file.removesuffix(".polar") + SUFFIX
        if not (folder / beside).exists():
            message = f"there is no case file {beside}"
            yield file_finding(file, "no-cases", message, "Write cases for its rules.")


def _place(resource: Resource, statements: Sequence[Rule]) -> Rule | None:
    """The first rule about a resource type, else its declaration."""
    about = (rule for rule in statements if rule.record_type == resource.name)
    return next(about, None) or next((rule for rule in statements if _declares(rule, resource)), None)


def _declares(rule: Rule, resource: Resource) -> bool:
    return (rule.tree.keyword, rule.tree.name) == ("resource", resource.name)


def _missing(
    resource: Resource, statements: Sequence[Rule], granted: set[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Code, message and hint of a missing declaration and of missing grants."""
    if not any(_declares(rule, resource) for rule in statements):
        hint = f"Write resource {resource.name} {{}} in main.polar."
        yield "missing-resource", f"{resource.name} is not declared", hint
    missing = [action.value for action in resource.actions if (resource.name, action.value) not in granted]
    if missing:
        yield (
            "ungranted-action",
            f"no role is granted {', '.join(missing)} on {with_article(resource.name)}",
            "",
        )


def _concerns(rule: Rule, resource: Resource, source: PolicySource) -> bool:
    """Whether a rule is about a resource type. A general rule that cannot be bound may be about any."""
    try:
        return concerns(source, rule, resource.name)
    except PolicyInvalid:
        return rule.record_type in {None, resource.name}


def _isolation(resource: Resource, rules: Sequence[Rule], helpers: Helpers) -> Iterator[Finding]:
    """Whether each action on records that tenants can have a standing to is restricted to their own cloud."""
    standings = [rule for rule in rules if rule.tree.name == "has_standing" and not _is_service(rule)]
    if not standings or "cloud" not in resource.attributes:
        return
    isolated: set[str] = set()
    for rule in rules:
        if rule.tree.name == "forbid" and _is_isolation(rule):
            words = parameter_words(rule.tree, ACTION, helpers)
            isolated |= set(map(str, resource.actions) if words is None else words)
    left = [str(action) for action in resource.actions if action not in isolated]
    if left:
        what = "anything" if len(left) == len(resource.actions) else ", ".join(left)
        message = f"no restriction keeps {what} on {with_article(resource.name)} within one national cloud"
        hint = (
            'Write forbid("CROSS_CLOUD", caller, _action, record) if record.cloud != caller.cloud; '
            f"in main.polar, or one for record: {resource.name}."
        )
        yield finding(standings[0], "missing-cross-cloud", None, message, hint)


def _is_isolation(rule: Rule) -> bool:
    """Whether a restriction hits all tenants of another cloud than the record's."""
    if len(branches(rule.tree.body)) != 1:
        return False
    action, principals = variables(rule.tree.parameters)[2], principals_of(rule.tree)
    compares_clouds = False
    for term in branches(rule.tree.body)[0]:
        condition = normal_condition(term, dict.fromkeys(principals, "p"))
        if isinstance(term, Operation) and term.operator == "!=":
            owners = {
                operand.subject.name
                for operand in term.operands
                if isinstance(operand, Dot) and operand.name == "cloud" and isinstance(operand.subject, Name)
            }
            compares_clouds |= record_variable(rule) in owners and bool(owners & principals)
        elif isinstance(term, Call) and all(
            isinstance(each, Name) and each.name == action for each in term.arguments
        ):
            continue
        elif not isinstance(condition, Membership) or not (
            condition.subject == action or (condition.subject == "p.kind" and condition.values >= TENANTS)
        ):
            return False
    return compares_clouds


def _is_service(rule: Rule) -> bool:
    """Whether only the service has a standing."""
    return all(
        any(
            normal_condition(term, dict.fromkeys(principals_of(rule.tree), "p"))
            == Membership("p.kind", frozenset({"system"}))
            for term in branch
        )
        for branch in branches(rule.tree.body)
    )


def _is_tied(rule: Rule, statements: Sequence[Rule]) -> bool:
    return _is_service(rule) or all(
        any(_ties(term, principals_of(rule.tree), statements, DEEPEST) for term in branch)
        for branch in branches(rule.tree.body)
    )


def _ties(term: Term, principals: frozenset[str], statements: Sequence[Rule], depth: int) -> bool:
    """Whether a condition compares the record with the principal's tenant."""
    if isinstance(term, Operation) and term.operator == "=":
        return _ties_ids(term, principals)
    if not isinstance(term, Call) or depth == 0:
        return False
    are_principals = [isinstance(each, Name) and each.name in principals for each in term.arguments]
    signature = term.name, len(are_principals)
    answers = [each for each in statements if each.is_rule and each.signature == signature]
    return bool(answers) and all(
        any(
            _ties(inner, _principals_passed(answer, are_principals), statements, depth - 1)
            for inner in branch
        )
        for answer in answers
        for branch in branches(answer.tree.body)
    )


def _principals_passed(answer: Rule, are_principals: Sequence[bool]) -> frozenset[str]:
    names = variables(answer.tree.parameters)
    return frozenset(
        name for name, is_principal in zip(names, are_principals, strict=True) if name and is_principal
    )


def _ties_ids(term: Operation, principals: frozenset[str]) -> bool:
    dots = [operand for operand in term.operands if isinstance(operand, Dot)]
    own = [
        dot
        for dot in dots
        if dot.name == "tenant_id" and isinstance(dot.subject, Name) and dot.subject.name in principals
    ]
    names = ({each.name for each in walk(dot) if isinstance(each, Name)} for dot in dots if dot not in own)
    return bool(own) and any(not each & principals for each in names)
