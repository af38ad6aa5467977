"""Test results as JUnit XML, in the form that GitLab and Jenkins read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from multichannel.workbench.findings import Finding, Level
from multichannel.workbench.testing import Result, by_file, failure

NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that an XML document cannot hold, in whatever form."""
GAPS = "gaps"


def junit(results: Iterable[Result], gaps: Iterable[Finding] = ()) -> str:
    """A document with one suite for each file, one test for each expectation, and a suite of the gaps."""
    root = ET.Element("testsuites", name="multichannel policy test")
    for file, found in by_file(results).items():
        suite = ET.SubElement(root, "testsuite", name=file)
        for result in found:
            _add(suite, result)
        _count(suite)
    suite = ET.Element("testsuite", name=GAPS)
    for gap in gaps:
        test = _test(suite, gap.message, gap.file, gap.line)
        if gap.level is Level.ERROR:
            _fail(test, gap.message, f"{gap}")
    if len(suite):
        _count(suite)
        root.append(suite)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(each.get(key, "0")) for each in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add(suite: ET.Element, result: Result) -> None:
    case = result.case
    test = _test(
        suite, f"{result.who} {result.action} {result.what} (line {case.line})", case.file, case.line
    )
    if not result.is_met:
        message = f"expected {result.expected}, found {result.found}"
        _fail(test, message, f"{failure(result)}\nThe case says: {case.why}")


def _test(suite: ET.Element, name: str, file: str, line: int) -> ET.Element:
    group = f"{suite.get('name')}".replace(".", "_")
    return ET.SubElement(
        suite, "testcase", classname=_plain(group), name=_plain(name), file=file, line=str(line), time="0"
    )


def _fail(test: ET.Element, message: str, text: str) -> None:
    failure = ET.SubElement(test, "failure", message=_plain(message), type="unexpected verdict")
    failure.text = _plain(text)


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", "0")


def _plain(text: str) -> str:
    return NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
