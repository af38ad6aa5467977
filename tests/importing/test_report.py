from __future__ import annotations

import io
import json

from rich.console import Console

from multichannel.importing.problems import Problem, UnreadableFile
from multichannel.importing.report import LISTED, FileReport, ImportReport


def shown(report: ImportReport) -> str:
    console = Console(file=io.StringIO(), width=120)
    report.render(console)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_a_program_gets_every_count_and_every_rejection() -> None:
    good = FileReport("customers.json", created=2, unchanged=1, inferred=1)
    good.kinds.update(["Customer", "Customer", "Customer"])
    bad = FileReport("subscriptions.json")
    bad.reject(3, [Problem("links.self.uri", "NOT_A_GUID", "'{id}' is not a valid GUID.")])
    bad.fail(UnreadableFile("NOT_JSON", "The file ends in the middle of a value.", None))

    assert json.loads(json.dumps(ImportReport([good, bad]).as_json())) == {
        "files": [
            {
                "path": "customers.json",
                "kinds": {"Customer": 3},
                "created": 2,
                "updated": 0,
                "unchanged": 1,
                "inferred": 1,
                "rejected": [],
            },
            {
                "path": "subscriptions.json",
                "kinds": {},
                "created": 0,
                "updated": 0,
                "unchanged": 0,
                "inferred": 0,
                "rejected": [
                    {
                        "item": 3,
                        "field": "links.self.uri",
                        "code": "NOT_A_GUID",
                        "message": "'{id}' is not a valid GUID.",
                    },
                    {
                        "item": None,
                        "field": None,
                        "code": "NOT_JSON",
                        "message": "The file ends in the middle of a value.",
                    },
                ],
            },
        ],
        "stored": False,
    }


def test_a_person_reads_where_to_mend_what_and_that_nothing_was_stored() -> None:
    bad = FileReport("subscriptions.json")
    bad.reject(3, [Problem("links.self.uri", "NOT_A_GUID", "'[bold]' is not a valid GUID.")])

    text = shown(ImportReport([bad]))

    assert "items[3].links.self.uri  NOT_A_GUID  '[bold]' is not a valid GUID." in text
    assert "Nothing was stored. Fix the one problem listed above" in text


def test_a_person_reads_what_was_stored() -> None:
    good = FileReport("customers.json", created=2000)
    good.kinds["Customer"] = 2000

    text = shown(ImportReport([good], stored=True))

    assert "2,000 Customer" in text
    assert text.endswith("Stored.\n")


def test_beyond_a_limit_rejections_are_counted_and_not_kept() -> None:
    bad = FileReport("subscriptions.json")
    for item in range(LISTED + 2000):
        bad.reject(item, [Problem("id", "MISSING", "This must have a value.")])

    rejected = bad.as_json()["rejected"]

    assert len(bad.rejections) == LISTED
    assert len(rejected) == LISTED + 1
    assert rejected[-1] == {
        "item": None,
        "field": None,
        "code": "MORE_REJECTED",
        "message": "2,000 more problems in this file are not listed.",
    }
    assert "2,000 more problems" in shown(ImportReport([bad]))
    assert "Fix the 2,100 problems" in shown(ImportReport([bad]))


def test_a_path_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in shown(ImportReport([FileReport("a\x1b[2J.json")]))
