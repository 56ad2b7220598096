"""The JSON Schema of `resegment.yaml`, as its author writes it: a segmentation of a kind, or the use of a template.

Owns: that schema. Does not own the keys (`workspace.py`, `expansion.py`).
"""

from __future__ import annotations

from typing import Any

from tasks.config.expansion import TemplateUse
from tasks.config.workspace import Workspace


def workspace_schema() -> dict[str, Any]:
    """The schema of a whole file; templates are resolved before a workspace is validated, so no model knows them."""
    schema: dict[str, Any] = Workspace.model_json_schema()
    use = TemplateUse.model_json_schema()
    schema["$defs"] |= use.pop("$defs", {}) | {TemplateUse.__name__: use}
    patterns: dict[str, Any] = schema["properties"]["segmentations"]["patternProperties"]
    for pattern, kinds in patterns.items():
        patterns[pattern] = {"anyOf": [kinds, {"$ref": f"#/$defs/{TemplateUse.__name__}"}]}
    return schema
