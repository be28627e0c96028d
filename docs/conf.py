# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The site that make docs has Sphinx make of README.md and the pages. Its root is the project's, so that links hold."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]

project = "dpdk-mirror"
copyright = "2026 The dpdk-mirror authors"  # noqa: A001 (Sphinx's name for it)
version = release = importlib.metadata.version("dpdk-mirror")

extensions = ["myst_parser", "breathe", "sphinx.ext.autodoc"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = [".*", "build", "csrc", "examples", "src", "tests"]  # no page is in these, but many files are

myst_heading_anchors = 3
breathe_projects = {"librte_mirror": str(ROOT / "build" / "doxygen" / "xml")}
breathe_default_project = "librte_mirror"
breathe_domain_by_extension = {"h": "c"}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"dpdk-mirror {version}"
html_extra_path = ["index.html"]

PAGES = """

```{toctree}
:hidden:
:caption: Use it

docs/tap
docs/attach
docs/live
docs/top
docs/containers
docs/selection
docs/parameters
docs/zero-copy
docs/counters
docs/run
docs/capture
docs/captures
docs/wireshark
docs/python
docs/pytest
docs/drivers
docs/c
docs/limits
docs/performance
```

```{toctree}
:hidden:
:caption: Reference

docs/python-api
docs/c-api
CHANGELOG
```

```{toctree}
:hidden:
:caption: Change it

CONTRIBUTING
docs/architecture
```
"""


def setup(app: Sphinx) -> None:
    app.connect("source-read", _add_pages)


def _add_pages(_: Sphinx, name: str, source: list[str]) -> None:
    """The table of contents, which README.md itself has in other words."""
    if name == root_doc:
        source[0] += PAGES
