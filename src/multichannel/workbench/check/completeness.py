"""What a policy lacks: walls between clouds and tenants, grants for actions, reasons, cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from multichannel.domain.tenants import TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Call, Dot, Name, Operation, Span, Term, walk
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.testing.case_files import SUFFIX
from multichannel.workbench.check.codes import KINDS
from multichannel.workbench.check.grant_rules import granted_actions
from multichannel.workbench.check.literals import ACTION
from multichannel.workbench.check.normal_form import OneOf, condition
from multichannel.workbench.check.statement import Stated, parameter_names
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import Helpers, helpers_of, parameter_words

TENANTS = {TenantKind.PARTNER.value, TenantKind.CUSTOMER.value}
DEEPEST = 4
"""Of helpers that ask helpers."""


def check_completeness(statements: Sequence[Stated], source: PolicySource) -> Iterator[Finding]:
    """What is missing, at the place where it is missed."""
    rules = [stated for stated in statements if stated.is_verdict]
    if not any(stated.tree.name == "allow" for stated in rules):
        file = next((name for name, _ in source.texts), "")
        message = "there is no rule named allow; main.polar is where it stands"
        yield Finding(file=file, line=1, code="no-allow", message=message)
    granted = granted_actions(statements)
    helpers = helpers_of(stated.tree for stated in statements)
    for resource in RESOURCES.values():
        yield from _declared(resource, statements, source)
        yield from _ungranted(resource, granted, statements, source)
        about = [each for each in rules if _concerns(each, resource, source)]
        yield from _crossing(resource, about, helpers)
    for stated in rules:
        if stated.tree.name == "has_standing" and not _is_tied(stated, statements):
            yield _untied(stated)
        if stated.tree.name == "forbid" and not stated.rule.comment.strip():
            hint = "Write a comment above it, with the number of the business rule."
            yield stated.finding("uncommented-restriction", None, "the restriction does not say why", hint)


def check_cases(folder: Path, statements: Sequence[Stated]) -> Iterator[Finding]:
    """Files that decide about some kind of record and have no cases beside them."""
    for file in dict.fromkeys(stated.rule.file for stated in statements if stated.kind in RESOURCES):
        beside = file.removesuffix(".polar") + SUFFIX
        if not (folder / beside).exists():
            yield _at(
                file, "no-cases", f"there is no {beside} beside this file", "Write down who may do what."
            )


def _at(file: str, code: str, message: str, hint: str = "") -> Finding:
    return Finding(file=file, line=1, code=code, message=message, hint=hint, level=KINDS[code].level)


def _declared(resource: Resource, statements: Sequence[Stated], source: PolicySource) -> Iterator[Finding]:
    declared = (stated.tree.name for stated in statements if stated.tree.keyword == "resource")
    if resource.name not in declared:
        message = f"{resource.name} is not declared"
        hint = f"Write resource {resource.name} {{}} in main.polar."
        yield _missing("missing-resource", resource, message, hint, statements, source)


def _ungranted(
    resource: Resource, granted: set[tuple[str, str]], statements: Sequence[Stated], source: PolicySource
) -> Iterator[Finding]:
    missing = [action.value for action in resource.actions if (resource.name, action.value) not in granted]
    if missing:
        message = f"nobody is granted {', '.join(missing)} on a {resource.name}"
        yield _missing("ungranted-action", resource, message, "", statements, source)


def _missing(  # noqa: PLR0913, PLR0917  (a finding, and where to look for its place)
    code: str, resource: Resource, message: str, hint: str, statements: Sequence[Stated], source: PolicySource
) -> Finding:
    """A finding at the first rule about a kind of record, else at its declaration, else at the first file."""
    about = [stated for stated in statements if stated.kind == resource.name]
    about += [
        stated
        for stated in statements
        if stated.tree.keyword == "resource" and stated.tree.name == resource.name
    ]
    if about:
        return about[0].finding(code, None, message, hint)
    return _at(next((name for name, _ in source.texts), ""), code, message, hint)


def _concerns(stated: Stated, resource: Resource, source: PolicySource) -> bool:
    """Whether a rule is about a resource type; where general rules are misspelt, those of that type alone."""
    try:
        return concerns(source, stated.rule, resource.name)
    except PolicyInvalid:
        return stated.kind == resource.name


def _crossing(resource: Resource, rules: Sequence[Stated], helpers: Helpers) -> Iterator[Finding]:
    """Whether each action on records that tenants can have a standing to is restricted to their own cloud."""
    standings = [stated for stated in rules if stated.tree.name == "has_standing" and not _is_service(stated)]
    if not standings or "cloud" not in resource.attributes:
        return
    walled: set[str] = set()
    for stated in rules:
        if stated.tree.name == "forbid" and _is_wall(stated):
            words = parameter_words(stated.tree, ACTION, helpers)
            walled |= set(map(str, resource.actions) if words is None else words)
    left = [str(action) for action in resource.actions if action not in walled]
    if left:
        what = "anything" if len(left) == len(resource.actions) else ", ".join(left)
        message = f"no restriction keeps {what} on a {resource.name} within one national cloud"
        hint = (
            'Write forbid("CROSS_CLOUD", caller, _action, record) if record.cloud != caller.cloud; '
            f"in main.polar, or one for record: {resource.name}."
        )
        yield standings[0].finding("missing-cross-cloud", None, message, hint)


def _is_wall(stated: Stated) -> bool:
    """Whether a restriction hits all tenants of another cloud than the record's."""
    action, principals = parameter_names(stated.tree.parameters)[2], stated.principals
    found = False
    conditions = [term for branch in stated.branches()[:1] for term in branch]
    for term in conditions:
        asked = condition(term, dict.fromkeys(principals, "p"))
        if isinstance(term, Operation) and term.operator == "!=":
            owners = {
                operand.subject.name
                for operand in term.operands
                if isinstance(operand, Dot) and operand.name == "cloud" and isinstance(operand.subject, Name)
            }
            found = found or (stated.record in owners and bool(owners & principals))
        elif isinstance(term, Call) and all(_is_action(each, action) for each in term.arguments):
            continue
        elif not isinstance(asked, OneOf) or not (
            asked.subject == action or (asked.subject == "p.kind" and asked.values >= TENANTS)
        ):
            return False
    return found and len(stated.branches()) == 1


def _is_action(term: Term, action: str | None) -> bool:
    return isinstance(term, Name) and term.name == action


def _is_service(stated: Stated) -> bool:
    """Whether only the service itself can have a standing."""
    return all(
        any(
            condition(term, dict.fromkeys(stated.principals, "p")) == OneOf("p.kind", frozenset({"system"}))
            for term in branch
        )
        for branch in stated.branches()
    )


def _is_tied(stated: Stated, statements: Sequence[Stated]) -> bool:
    return _is_service(stated) or all(
        any(_ties(term, stated.principals, statements, DEEPEST) for term in branch)
        for branch in stated.branches()
    )


def _ties(term: Term, principals: frozenset[str], statements: Sequence[Stated], depth: int) -> bool:
    """Whether a condition asks that something of the record is the principal's own tenant."""
    if isinstance(term, Operation) and term.operator == "=":
        return _ties_ids(term, principals)
    if not isinstance(term, Call) or depth == 0:
        return False
    given = [isinstance(each, Name) and each.name in principals for each in term.arguments]
    answers = [each for each in statements if each.is_rule and each.signature == (term.name, len(given))]
    return bool(answers) and all(
        any(_ties(inner, _handed_on(answer, given), statements, depth - 1) for inner in branch)
        for answer in answers
        for branch in answer.branches()
    )


def _handed_on(answer: Stated, given: Sequence[bool]) -> frozenset[str]:
    names = parameter_names(answer.tree.parameters)
    return frozenset(name for name, is_principal in zip(names, given, strict=True) if name and is_principal)


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


def _untied(stated: Stated) -> Finding:
    message = "the standing does not depend on the principal's own tenant: every tenant has it"
    hint = 'Compare an id of the record with p.tenant_id, or ask for p.kind = "system".'
    return stated.finding("untied-standing", Span(0, stated.head.end), message, hint)
