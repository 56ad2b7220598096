"""What is said of a template to whoever wants to use it: its parameters in words, and an example.

Owns: those texts, for the command line and the reference. Does not own templates (`template.py`, `expansion.py`).
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tasks.config.expansion import example_values
from tasks.config.template import Parameter, Template


def parameter_rows(template: Template) -> list[tuple[str, str, str, str]]:
    """Name, allowed values, default and meaning of each parameter."""
    return [
        (name, parameter.allowed(), default_text(parameter), parameter.meaning)
        for name, parameter in template.parameters.items()
    ]


def default_text(parameter: Parameter) -> str:
    """The default as YAML would have it."""
    return "required" if parameter.is_required else json.dumps(parameter.default, ensure_ascii=False)


def requirements(template: Template) -> str:
    """What has to be there, in words."""
    features = [*template.features]
    for parameter in template.parameters.values():
        if parameter.type == "feature" and not parameter.is_required:
            features += parameter.default if parameter.many else [parameter.default]
    parts = [f"entity {' or '.join(template.entities)}"] if template.entities else []
    parts += [f"features {', '.join(features)}"] if features else []
    return "; ".join(parts) or "nothing"


def example(name: str, template: Template) -> str:
    """A use of the template in `resegment.yaml`, with every parameter at its default."""
    values = example_values(template)
    use: dict[str, Any] = {"template": name} | ({"with": values} if values else {})
    text: str = yaml.safe_dump(
        {"segmentations": {name: use}}, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )
    return text.rstrip()
