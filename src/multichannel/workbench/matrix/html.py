"""The matrix as HTML: one page without scripts, for light and dark, for keyboard and paper."""

from __future__ import annotations

from markupsafe import Markup

from multichannel.workbench.matrix.markdown import letters
from multichannel.workbench.matrix.matrix import Matrix
from multichannel.workbench.matrix.rules import on_one_line
from multichannel.workbench.pages import document, render_template, stylesheet

STYLE = stylesheet("workbench/matrix/matrix.css")


def matrix_page(matrix: Matrix) -> str:
    """A complete document."""
    digest = Markup('<p class="quiet">Policy <code>{}</code></p>').format(matrix.digest)
    return document("Permission matrix", digest + matrix_html(matrix), STYLE)


def matrix_html(matrix: Matrix) -> Markup:
    """The tables, with links to each resource type before them."""
    return render_template(
        "workbench/matrix/matrix.html.jinja",
        matrix=matrix,
        letters=letters,
        on_one_line=on_one_line,
    )
