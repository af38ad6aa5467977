"""YAML and JSON documents with the line of every entry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from multichannel.errors import MultichannelError, PolicyInvalid

Facts = Mapping[str, Any]
Place = tuple[object, ...]
"""A path in a document: keys and indexes."""


class YamlDocument:
    """A YAML file with the line of every entry."""

    def __init__(
        self,
        path: Path,
        error: type[MultichannelError] = PolicyInvalid,
        called: str | None = None,
        text: str | None = None,
    ) -> None:
        """Read the file, or the text it had in another version.

        `error` is raised for invalid entries, with the name of the file or another one.
        """
        self.file = called or path.name
        self._error = error
        self._lines: dict[Place, int] = {}
        try:
            loader = yaml.CSafeLoader(path.read_text("utf-8") if text is None else text)
            node = loader.get_single_node()
            self._note_lines(node, ())
            self.content = loader.construct_document(node) if node else None
        except OSError as problem:
            raise error(f"{path} cannot be read: {problem.strerror}") from problem
        except UnicodeDecodeError as problem:
            raise error(f"{path} cannot be read: it is no UTF-8 text") from problem
        except yaml.MarkedYAMLError as problem:
            line = problem.problem_mark.line + 1 if problem.problem_mark else 1
            raise error(f"{self.file}:{line}: {problem.problem}") from problem
        except (yaml.YAMLError, ValueError) as problem:
            raise error(f"{path} cannot be read: {problem}") from problem
        except RecursionError as problem:
            raise error(f"{path} cannot be read: it is nested too deeply, or contains itself") from problem

    def line(self, *path: object) -> int:
        """The line of an entry; for one that is not written, the line of the nearest enclosing entry."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def refuse(self, line: int, message: str) -> NoReturn:
        """Raise the error with file and line."""
        raise self._error(f"{self.file}:{line}: {message}")

    def mapping(self, value: Any, line: int, what: str, keys: tuple[str, ...] | None = None) -> Facts:
        """A mapping with these keys only."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.refuse(line, f"{what} must be a mapping of names")
        unknown = [key for key in value if keys is not None and key not in keys]
        if unknown:
            self.refuse(line, f"{what} has no `{unknown[0]}`; it has {', '.join(keys or ())}")
        return value

    def names(self, value: Any, at: Place, what: str, keys: tuple[str, ...]) -> Facts:
        """A mapping with these keys only; an unknown key is refused at its own line."""
        found = self.mapping(value, self.line(*at), what)
        unknown = [name for name in found if name not in keys]
        return self.mapping(found, self.line(*at, *unknown[:1]), what, keys)

    def listed(self, value: Any, line: int, what: str) -> list[Any]:
        """A list; empty for None."""
        if value is not None and not isinstance(value, list):
            self.refuse(line, f"{what} must be a list")
        return value or []

    def text(self, value: Any, line: int, what: str) -> str:
        """A text; `what` says of what, and what it looks like."""
        if not isinstance(value, str) or not value.strip():
            self.refuse(line, f"{what}; it is {kind_of(value)}")
        return value

    def word(self, value: Any, words: Any, line: int, what: str) -> Any:
        """One of some words."""
        if value not in list(words):
            self.refuse(line, f"{value!r} is not {what}; it is one of {', '.join(sorted(words))}")
        return value

    def _note_lines(self, node: yaml.Node | None, path: Place) -> None:
        """Record lines, and refuse duplicate keys, of which YAML would use the last."""
        if node is not None:
            self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                self._note_lines(item, (*path, number))
        if isinstance(node, yaml.MappingNode):
            # Other keys than words are refused when the document is constructed.
            entries = [(key, item) for key, item in node.value if isinstance(key, yaml.ScalarNode)]
            names = [key.value for key, _ in entries]
            for key, item in entries:
                if names.count(key.value) > 1:
                    self.refuse(key.start_mark.line + 1, f"`{key.value}` is given twice")
                self._note_lines(item, (*path, key.value))
                self._lines[*path, key.value] = key.start_mark.line + 1


def kind_of(value: Any) -> str:
    """What an entry is, for messages."""
    if value is None:
        return "empty"
    kinds = (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "a text"),
        (list, "a list"),
        (Mapping, "a mapping"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), f"a {type(value).__name__}")
