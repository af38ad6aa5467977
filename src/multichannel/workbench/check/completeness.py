"""What a policy lacks: isolation of clouds and tenants, grants, reasons, test cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from multichannel.domain.tenants import TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Call, Dot, Name, Operation, Span, Term, branches, variables, walk
from multichannel.policy.language.literals import ACTION, record_variable
from multichannel.policy.language.resource_binding import concerns, principals_of
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.testing.case_files import SUFFIX
from multichannel.workbench.check.codes import FINDING_KINDS, finding
from multichannel.workbench.check.grant_rules import granted_actions
from multichannel.workbench.check.normal_form import Membership, normal_condition
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import Helpers, helpers_of, parameter_words

TENANTS = {TenantKind.PARTNER.value, TenantKind.CUSTOMER.value}
DEEPEST = 4
"""How deep helper rules are followed."""


def check_completeness(statements: Sequence[Rule], source: PolicySource) -> Iterator[Finding]:
    """What is missing, at the place where it belongs."""
    rules = [rule for rule in statements if rule.is_verdict]
    if not any(rule.tree.name == "allow" for rule in rules):
        file = next((name for name, _ in source.texts), "")
        message = "there is no rule named allow; it belongs in main.polar"
        yield Finding(file=file, line=1, code="no-allow", message=message)
    granted = granted_actions(statements)
    helpers = helpers_of(rule.tree for rule in statements)
    for resource in RESOURCES.values():
        yield from _declared(resource, statements, source)
        yield from _ungranted(resource, granted, statements, source)
        about = [each for each in rules if _concerns(each, resource, source)]
        yield from _isolation(resource, about, helpers)
    for rule in rules:
        if rule.tree.name == "has_standing" and not _is_tied(rule, statements):
            yield _untied(rule)
        if rule.tree.name == "forbid" and not rule.comment.strip():
            hint = "Write a comment above it, with the number of the business rule."
            yield finding(rule, "uncommented-restriction", None, "the restriction has no comment", hint)


def check_cases(folder: Path, statements: Sequence[Rule]) -> Iterator[Finding]:
    """Policy files without a case file."""
    for file in dict.fromkeys(rule.file for rule in statements if rule.record_type in RESOURCES):
        beside = file.removesuffix(".polar") + SUFFIX
        if not (folder / beside).exists():
            yield _at(file, "no-cases", f"there is no case file {beside}", "Write cases for its rules.")


def _at(file: str, code: str, message: str, hint: str = "") -> Finding:
    return Finding(file=file, line=1, code=code, message=message, hint=hint, level=FINDING_KINDS[code].level)


def _declared(resource: Resource, statements: Sequence[Rule], source: PolicySource) -> Iterator[Finding]:
    declared = (rule.tree.name for rule in statements if rule.tree.keyword == "resource")
    if resource.name not in declared:
        message = f"{resource.name} is not declared"
        hint = f"Write resource {resource.name} {{}} in main.polar."
        yield _missing("missing-resource", resource, message, hint, statements, source)


def _ungranted(
    resource: Resource, granted: set[tuple[str, str]], statements: Sequence[Rule], source: PolicySource
) -> Iterator[Finding]:
    missing = [action.value for action in resource.actions if (resource.name, action.value) not in granted]
    if missing:
        message = f"no role is granted {', '.join(missing)} on a {resource.name}"
        yield _missing("ungranted-action", resource, message, "", statements, source)


def _missing(  # noqa: PLR0913, PLR0917  (a finding, and where to look for its place)
    code: str, resource: Resource, message: str, hint: str, statements: Sequence[Rule], source: PolicySource
) -> Finding:
    """A finding at the first rule about a kind of record, else at its declaration, else at the first file."""
    about = [rule for rule in statements if rule.record_type == resource.name]
    about += [
        rule for rule in statements if rule.tree.keyword == "resource" and rule.tree.name == resource.name
    ]
    if about:
        return finding(about[0], code, None, message, hint)
    return _at(next((name for name, _ in source.texts), ""), code, message, hint)


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
        message = f"no restriction keeps {what} on a {resource.name} within one national cloud"
        hint = (
            'Write forbid("CROSS_CLOUD", caller, _action, record) if record.cloud != caller.cloud; '
            f"in main.polar, or one for record: {resource.name}."
        )
        yield finding(standings[0], "missing-cross-cloud", None, message, hint)


def _is_isolation(rule: Rule) -> bool:
    """Whether a restriction hits all tenants of another cloud than the record's."""
    action, principals = variables(rule.tree.parameters)[2], principals_of(rule.tree)
    found = False
    conditions = [term for branch in branches(rule.tree.body)[:1] for term in branch]
    for term in conditions:
        condition = normal_condition(term, dict.fromkeys(principals, "p"))
        if isinstance(term, Operation) and term.operator == "!=":
            owners = {
                operand.subject.name
                for operand in term.operands
                if isinstance(operand, Dot) and operand.name == "cloud" and isinstance(operand.subject, Name)
            }
            found = found or (record_variable(rule) in owners and bool(owners & principals))
        elif isinstance(term, Call) and all(_is_action(each, action) for each in term.arguments):
            continue
        elif not isinstance(condition, Membership) or not (
            condition.subject == action or (condition.subject == "p.kind" and condition.values >= TENANTS)
        ):
            return False
    return found and len(branches(rule.tree.body)) == 1


def _is_action(term: Term, action: str | None) -> bool:
    return isinstance(term, Name) and term.name == action


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
    answers = [
        each for each in statements if each.is_rule and each.signature == (term.name, len(are_principals))
    ]
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
    others = [dot for dot in dots if dot not in own and not _names(dot) & principals]
    return bool(own and others)


def _names(term: Term) -> set[str]:
    return {each.name for each in walk(term) if isinstance(each, Name)}


def _untied(rule: Rule) -> Finding:
    message = "the standing does not depend on the principal's tenant: every tenant has it"
    hint = 'Compare an id of the record with p.tenant_id, or require p.kind = "system".'
    return finding(rule, "untied-standing", Span(0, rule.tree.head.end), message, hint)
