"""Test results as JUnit XML, in the form that GitLab and Jenkins read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from junitparser import Attr, Failure, JUnitXml, TestCase, TestSuite

from multichannel.workbench.findings import Finding, Level
from multichannel.workbench.testing import CaseResult, by_file, failure

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that an XML document cannot contain, not even escaped."""
GAPS = "gaps"


class _TestCase(TestCase):
    """A test with its place in the source, as GitLab reads it."""

    file = Attr()
    line = Attr()


def junit(results: Iterable[CaseResult], gaps: Iterable[Finding] = ()) -> str:
    """A document with a suite for each file, a test for each expectation, and a suite of missing cases."""
    document = JUnitXml("multichannel policy test")
    for file, of_file in by_file(results).items():
        suite = TestSuite(file)
        suite.add_testcases([_result(each) for each in of_file])
        document.add_testsuite(suite)
    missing = [_gap(each) for each in gaps]
    if missing:
        suite = TestSuite(GAPS)
        suite.add_testcases(missing)
        document.add_testsuite(suite)
    document.update_statistics()
    return str(document.tostring().decode())


def _result(result: CaseResult) -> TestCase:
    case = result.case
    name = f"{result.who} {result.action} {result.what} (line {case.line})"
    message = f"expected {result.expected}, got {result.found}"
    text = f"{failure(result)}\nReason of the case: {case.why}"
    return _test(name, case.file, case.file, case.line, None if result.is_met else (message, text))


def _gap(gap: Finding) -> TestCase:
    problem = (gap.message, f"{gap}") if gap.level is Level.ERROR else None
    return _test(gap.message, GAPS, gap.file, gap.line, problem)


def _test(name: str, group: str, file: str, line: int, problem: tuple[str, str] | None) -> TestCase:
    test = _TestCase(_plain(name), _plain(group.replace(".", "_")), 0)
    test.file, test.line = file, str(line)
    if problem is not None:
        message, text = map(_plain, problem)
        unexpected = Failure(message, "unexpected verdict")
        unexpected.text = text
        test.result = [unexpected]
    return test


def _plain(text: str) -> str:
    return NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
