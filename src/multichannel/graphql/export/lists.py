"""Reads all pages of a list in one snapshot, each page as the API answers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    ObjectValueNode,
    execute_sync,
    get_named_type,
    parse_value,
    print_ast,
)

from multichannel.errors import BadInput, MultichannelError, NotPermitted
from multichannel.graphql.execution.documents import InvalidDocument, read_document
from multichannel.graphql.execution.errors import root_cause
from multichannel.graphql.export.paths import FieldPath, find_path
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.schema import build_schema
from multichannel.store.store import Store
from multichannel.store.users import Caller

_PAGE_SIZE: Final = 1000
"""Larger than that of clients: a statement finds its first row anew, and costs the same for each page."""
_POSITION: Final = 3
"""Where the fields begin in the path of an error: after the list, `nodes`, and the number of the record."""


class ListExport:
    """A list of the schema with the fields that are wanted of its records."""

    def __init__(
        self, name: str, paths: Sequence[str], conditions: Sequence[str] = (), order: str | None = None
    ) -> None:
        """`conditions` are filters of the list, as in a query or as JSON; `order` is its `orderBy`.

        BadInput if a path is not a field, or an argument is invalid.
        """
        field = build_schema().query_type.fields[name]  # type: ignore[union-attr]  # there is one
        connection: Any = get_named_type(field.type)
        record = get_named_type(connection.fields["nodes"].type)
        self.paths: list[FieldPath] = [find_path(record.name, path) for path in paths]
        self.withheld: Counter[str] = Counter()
        """How many values of each path the policy has withheld so far."""
        self._name = name
        texts, self._variables = _filters(conditions)
        declared = ", ".join(f"${each}: {record.name}Filter!" for each in self._variables)
        matching = f", filter: {{and: [{', '.join(texts)}]}}" if texts else ""
        ordered = f", orderBy: {order}" if order else ""
        fields = " ".join(dict.fromkeys(path.selection for path in self.paths))
        self._page = _document(
            f"query ($first: Int, $after: String {declared}) {{ {name}(first: $first, after: $after"
            f"{matching}{ordered}) {{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
        self._count = _document(
            f"query {f'({declared})' * bool(declared)} "
            f"{{ {name}(first: 0{matching}) {{ totalCount totalCountIsAtLeast }} }}"
        )

    def count(self, store: Store, caller: Caller) -> int | None:
        """The number of records; None if there are more than are counted exactly."""
        context = OperationContext(store, caller)
        try:
            answer = self._run(self._count, context, None)
        finally:
            context.close()
        return None if answer["totalCountIsAtLeast"] else int(answer["totalCount"])

    def rows(self, store: Store, caller: Caller) -> Iterator[list[Any]]:
        """The values of each record, page by page from one snapshot; None where the policy withholds one."""
        with store.operation():
            context = OperationContext(store, caller)
            context.max_page_size = _PAGE_SIZE
            try:
                after: str | None = None
                more = True
                while more:
                    answer = self._run(self._page, context, after)
                    for record in answer["nodes"]:
                        yield [path.value(record) for path in self.paths]
                    more, after = answer["pageInfo"]["hasNextPage"], answer["pageInfo"]["endCursor"]
            finally:
                context.close()

    def _run(self, document: DocumentNode, context: OperationContext, after: str | None) -> Any:
        result = execute_sync(
            build_schema(),
            document,
            variable_values={**self._variables, "first": _PAGE_SIZE, "after": after},
            context_value=context,
        )
        self._check(result)
        return (result.data or {})[self._name]

    def _check(self, result: ExecutionResult) -> None:
        """Count what is withheld; raise whatever else went wrong."""
        for error in result.errors or ():
            cause = root_cause(error)
            if isinstance(cause, NotPermitted) and error.path and len(error.path) > _POSITION:
                self.withheld[".".join(str(part) for part in error.path[_POSITION:])] += 1
            elif cause is None or isinstance(cause, MultichannelError):
                raise cause or BadInput(f"The filter is invalid: {error.message}")
            else:
                raise cause


def _filters(conditions: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Texts for the document, and variables by name; JSON becomes a variable."""
    texts: list[str] = []
    variables: dict[str, Any] = {}
    for number, condition in enumerate(conditions):
        try:
            variables[f"filter{number}"] = orjson.loads(condition)
        except orjson.JSONDecodeError:
            texts.append(_literal(condition))
    return [*texts, *(f"${name}" for name in variables)], variables


def _literal(condition: str) -> str:
    """A filter as in a query, printed from its tree: no text can end the argument."""
    try:
        value = parse_value(condition)
    except GraphQLError as error:
        raise BadInput(f"The filter is invalid: {error.message}") from None
    if not isinstance(value, ObjectValueNode) or value.fields == ():
        raise BadInput("The filter is invalid: it must be an object, such as {status: {eq: ACTIVE}}.")
    return print_ast(value)


def _document(text: str) -> DocumentNode:
    try:
        return read_document(text, cache=False).ast
    except InvalidDocument as invalid:
        raise BadInput(f"The export is invalid: {invalid.errors[0]['message']}") from None
