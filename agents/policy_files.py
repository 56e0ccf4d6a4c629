"""Reads the policy from a file or a folder of files: TOML as people write it, or one document in JSON as it is published."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from streams.policies import FILE, Version
from streams.policy import Policy
from streams.policy_documents import content_of, document_of, merge_documents
from streams.policy_parse import PolicyError, effective_from, parse_policy


def load_policy(path: Path) -> Policy:
    """Return the policy of a file, or of a folder: the one file with an ``id``, the others its overlays by name.

    Raises:
        PolicyError: which file, which key or line, and why.
    """
    return load_version(path).policy


def load_version(path: Path) -> Version:
    """Return the version that a file or folder makes (see :func:`load_policy`).

    Raises:
        PolicyError: which file, which key or line, and why.
    """
    source, base, overlays = _documents(path)
    policy = parse_policy(base, source, overlays)
    merged = merge_documents(base, [document for _, document in overlays])
    return Version(policy, effective_from(base, source), FILE, None, content_of(merged))


def _documents(path: Path) -> tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Return the base with its name, and its overlays with theirs."""
    if path.is_dir():
        documents = [(file.name, _read(file)) for file in sorted(path.glob("*.toml"))]
        bases = [(name, document) for name, document in documents if "id" in document]
        if len(bases) != 1:
            raise PolicyError(str(path), "id", f"a policy folder needs one file with an id, found {len(bases)}")
        source, base = bases[0]
        return source, base, [each for each in documents if each[0] != source]
    return path.name, _read(path), []


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.suffix == ".json":
            return document_of(path.read_bytes())
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(path.name, "TOML", str(error)) from None
    except OSError as error:
        raise PolicyError(str(path), "file", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise PolicyError(path.name, "file", "is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise PolicyError(path.name, "JSON", str(error)) from None
