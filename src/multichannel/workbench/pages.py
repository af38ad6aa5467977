"""HTML pages without scripts or requests, from the templates beside the modules that fill them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import multichannel

TEMPLATES = Environment(
    loader=PackageLoader("multichannel", ""),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def render_template(template: str, **values: Any) -> Markup:
    """Fill a template, named by its path in the package."""
    return Markup(TEMPLATES.get_template(template).render(values))  # noqa: S704  (escaped by the template)


def document(title: str, content: Markup, style: str) -> str:
    """A complete HTML document."""
    return render_template("workbench/page.html.jinja", title=title, content=content, style=Markup(style))  # noqa: S704  (CSS)


def stylesheet(path: str) -> str:
    """The text of a stylesheet of the package."""
    return (Path(multichannel.__file__).parent / path).read_text("utf-8")
