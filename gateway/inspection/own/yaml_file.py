"""Files of one's own detectors: YAML of a known form, or an error that names the file and what is wrong in it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigurationError

Form = TypeVar("Form", bound=BaseModel)


def read_as(form: type[Form], path: Path) -> Form:
    """The file at `path` as `form`. Raises ConfigurationError; what stands in the file is not quoted."""
    try:
        return form.model_validate(yaml.safe_load(path.read_text()))
    except OSError as problem:
        raise ConfigurationError(f"{path}: {problem.strerror}") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path}: not YAML") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from problem
