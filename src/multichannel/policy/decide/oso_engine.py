"""The binding to Oso: one loaded policy, evaluated for a record, or partially for all records of a type.

The engine's own Python side is not used beyond building terms: it would query databases on attribute
access, call methods and make instances. Here a policy reads declared facts of frozen records, nothing else.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import orjson
from _polar_lib import lib
from polar import Expression, Polar, Predicate, Variable
from polar.exceptions import OsoError
from polar.expression import Pattern
from polar.ffi import Polar as FfiPolar
from polar.ffi import PolarSource as EngineSource
from polar.ffi import Query as EngineQuery
from polar.ffi import ffi_serialize
from polar.host import Host
from polar.query import Query

from multichannel.errors import FaultKind, PolicyInvalid, Unavailable
from multichannel.policy.language.resource_binding import texts_about, texts_bound
from multichannel.policy.language.source import NEVER_TRUE, PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Principal

os.environ.setdefault("POLAR_TIMEOUT_MS", "30000")
"""The engine's own limit for one question. It counts time by the clock, also while the process is stopped."""
CPU_SECONDS = 3.0
"""The limit for one question in CPU time, which a busy or stopped machine does not use up."""

REFUSED = {"MakeExternal": "a policy must not create instances with `new` (MakeExternal)"}
"""What a policy must not do, by the engine's name for it."""

CLASSES = {
    "Boolean": bool,
    "Integer": int,
    "Float": float,
    "List": list,
    "Dictionary": dict,
    "String": str,
    "Principal": Principal,
    **{name: resource.facts for name, resource in RESOURCES.items()},
}
"""The classes that rules can name."""
LOADED = 64
"""How many sets of rules stay loaded: those of a few policies."""

EXPECTED_WARNING = "uses resource blocks but does not call the"
"""The blocks declare resources for rule types; permissions inside blocks are not used."""


MARK = re.compile(r'^\s*"([^"]+)" = "\1" \[\]$', re.MULTILINE)
"""How the mark of a rule appears in a trace."""

STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|(#[^\n]*)')
NON_ASCII = re.compile(r"[^\x00-\x7f]")
NOTHING, EXTRA = "nothing.polar", "extra.polar"
ANY, THIS, ANY_KIND = Variable("resource"), Variable("_this"), "Service"


class PolicyFault(Unavailable):
    """The policy failed during evaluation, so nothing is decided: neither a grant nor a denial."""

    kind = FaultKind.POLICY

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The policy could not be evaluated. Nothing was decided or changed. Try again.", reason
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One result of a query: its bindings, and the rules that it follows from."""

    bindings: dict[str, Any]
    rules: tuple[Rule, ...]

    @property
    def resources(self) -> Iterable[Resource]:
        """The resource types that an answer about records of all types is about."""
        required = self.bindings["resource"]
        named = [
            part.args[1].tag
            for part in (required.args if isinstance(required, Expression) else ())
            if part.operator == "Isa" and part.args[0] == THIS
        ]
        return [RESOURCES[each] for each in named if each in RESOURCES] or RESOURCES.values()


class Engine:
    """One policy, loaded once and never changed; safe to use from several threads."""

    def __init__(self, source: PolicySource, extra: Callable[[str | None], str] | None = None) -> None:
        """Load all files, or raise PolicyInvalid with the engine's message and place.

        `extra` gives rules to load with those of the policy, by resource type or (None) for all of them.
        """
        self.source = source
        self._extra = extra
        _refuse_warnings(_loaded(source.texts)[1])
        self._engine = cache(self._load)

    def _load(self, kind: str | None, *, trace: bool) -> Polar:
        """The rules about a resource type, so that those about all others are not tried; marked for a trace.

        All rules if `kind` is None, or if they cannot be separated.
        """
        if kind in RESOURCES and self.source.is_separable:
            texts = texts_about(self.source, kind, marked=trace)
        else:
            kind, texts = None, texts_bound(self.source.marked if trace else self.source)
        added = {NOTHING: NEVER_TRUE.format(kind=kind or ANY_KIND)}
        if self._extra is not None:
            added[EXTRA] = self._extra(kind)
        return _loaded((*texts, *added.items()))[0]

    def ask(self, rule: str, *arguments: Any, trace: bool = False) -> Iterator[Answer]:
        """The results of `rule(arguments...)`, lazily; variables are bound. Raises PolicyFault."""
        engine = self._engine(kind_of(arguments[-1]), trace=trace)
        yield from self._run(engine, rule, arguments, {}, trace=trace)

    def ask_in_part(
        self, rule: str, *arguments: Any, kind: str | None, trace: bool = False
    ) -> Iterator[Answer]:
        """The same for all records of a type at once: `resource` is bound to what is required of them.

        If `kind` is None, that is for the records of all types, and an answer requires its type, too.
        """
        bound = {"resource": Expression("And", [Expression("Isa", [ANY, Pattern(kind, {})])])} if kind else {}
        yield from self._run(self._engine(kind, trace=trace), rule, arguments, bound, trace=trace)

    def _run(
        self, engine: Polar, rule: str, arguments: Sequence[Any], bindings: dict[str, Any], *, trace: bool
    ) -> Iterator[Answer]:
        host = engine.host.copy()
        host.set_accept_expression(True)
        try:
            term = ffi_serialize(host.to_polar(Predicate(name=rule, args=list(arguments))))
            pointer = engine.ffi_polar.check_result(
                lib.polar_new_query_from_term(engine.ffi_polar.ptr, term, int(trace))
            )
            query = _FactQuery(_QuietQuery(pointer), host=host, bindings=bindings)  # type: ignore[no-untyped-call]
            for result in query.run():
                yield Answer(result["bindings"], self._rules(result["trace"]))
        except OsoError as error:
            raise PolicyFault(_message(str(error))) from error

    def _rules(self, trace: dict[str, Any] | None) -> tuple[Rule, ...]:
        """The rules of a derivation, outermost first."""
        if trace is None:
            return ()
        marks = dict.fromkeys(match[1] for match in MARK.finditer(trace["formatted"]))
        return tuple(self.source.by_mark[mark] for mark in marks)


class _FactQuery(Query):
    """Reads declared facts of frozen records; calls, constructors and everything else are refused."""

    def run(self) -> Generator[dict[str, Any], None, None]:
        """Answer the engine's events until it is done; yields its results."""
        answers: dict[str, Callable[[Any], None]] = {
            "ExternalCall": self.handle_external_call,
            "ExternalIsa": self.handle_external_isa,
            "ExternalIsSubclass": self.handle_external_is_subclass,
            "ExternalIsSubSpecializer": self.handle_external_is_subspecializer,
            "ExternalOp": self.handle_external_op,
        }
        limit = time.thread_time() + CPU_SECONDS
        while True:
            event = orjson.loads(self.ffi_query.next_event())
            if time.thread_time() > limit:
                raise PolicyFault(f"the question took more than {CPU_SECONDS:g} seconds of CPU time")
            ((kind, data),) = event.items()
            if kind == "Done":
                return
            if kind == "Result":
                bindings = {name: self.host.to_python(value) for name, value in data["bindings"].items()}
                yield {"bindings": bindings, "trace": data["trace"]}
            elif kind in answers:
                answers[kind](data)
            else:
                raise PolicyFault(REFUSED.get(kind, f"a policy must not do this: {kind}"))

    def handle_external_call(self, data: Any) -> None:
        """Return a declared fact; anything else ends the query."""
        record = self.host.to_python(data["instance"])
        name = data["attribute"]
        if data["args"] is not None or name not in getattr(type(record), "__slots__", ()):
            raise PolicyFault(f"{type(record).__name__} has no fact {name}")
        self.ffi_query.call_result(data["call_id"], self.host.to_polar(_plain(getattr(record, name))))


class _QuietQuery(EngineQuery):
    """The engine's query without its polling for log messages, which would double the calls."""

    def process_messages(self) -> None:
        """The engine logs nothing unless its environment says so."""


class _Polar(Polar):
    """An engine that knows the classes: its own way to register one goes through all others each time."""

    def __init__(self) -> None:
        self.ffi_polar = FfiPolar()
        self.host = Host(self.ffi_polar)
        self.ffi_polar.set_message_enricher(self.host.enrich_message)
        for name, kind in CLASSES.items():
            self.host.cache_class(kind, name)
        for name, value in {"nil": None, **CLASSES}.items():
            self.register_constant(value, name)  # type: ignore[no-untyped-call]
        self.host.register_mros()


@lru_cache(LOADED)
def _loaded(texts: tuple[tuple[str, str], ...]) -> tuple[Polar, str]:
    """An engine that has loaded these files, and what it printed; PolicyInvalid in its words and place."""
    engine = _Polar()
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            engine.ffi_polar.load(
                [EngineSource(within_bounds(_in_ascii(text)), name) for name, text in texts]
            )
    except OsoError as error:
        raise PolicyInvalid(_message(str(error))) from error
    return engine, output.getvalue()


def within_bounds(text: str) -> str:
    """A text with lines at its end for as many bytes as it has more than characters.

    In its messages the engine takes the one for the other, and ends the process when a place seems to be
    behind the end.
    """
    return text + "\n" * (len(text.encode()) - len(text))


def _in_ascii(text: str) -> str:
    """The text with plain characters in its comments: the engine reports a wrong line behind any others."""
    if text.isascii():
        return text
    return STRING_OR_COMMENT.sub(lambda match: NON_ASCII.sub("?", match[1]) if match[1] else match[0], text)


def kind_of(record: Any) -> str:
    """The resource type of a record of facts."""
    return type(record).__name__.removesuffix("Facts")


def _plain(value: Any) -> Any:
    """A fact in the types the engine compares by itself."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _refuse_warnings(printed: str) -> None:
    """Make every warning that the engine prints an error, but for the one that does not apply."""
    warnings = [text.strip() for text in printed.split("[warning]") if text.strip()]
    serious = [text for text in warnings if EXPECTED_WARNING not in text]
    if serious:
        if "no `allow` rules" in serious[0] or "allow_field" in serious[0]:
            raise PolicyInvalid("there is no rule named allow; define it in main.polar")
        raise PolicyInvalid(_message(serious[0]))


def _message(words: str) -> str:
    """The engine's message, without its link to support."""
    return " ".join(words.partition("Get help with Oso")[0].split())
