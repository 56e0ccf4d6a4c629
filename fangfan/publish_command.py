"""`fangfan publish FILE…`: sends reports from JSON Lines, CSV or Excel to the right topic."""

from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from fangfan.mapping import MappingError, load_mapping
from fangfan.options import Brokers, Prefix, fail, settings
from fangfan.publish import publish_files


def publish(
    files: Annotated[list[Path], typer.Argument(help="JSON Lines (.jsonl), CSV (UTF-8 or GBK) or Excel (.xlsx).")],
    mapping: Annotated[Path | None, typer.Option(help="Headers and words of the tables; default: Shanxi's.")] = None,
    rejects: Annotated[Path, typer.Option(help="Where refused rows are listed.")] = Path("rejects.csv"),
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
) -> None:
    """Send reports to their topics; exits 0 only if every row went."""
    chosen = settings(brokers=brokers, topic_prefix=topic_prefix)
    try:
        code = publish_files(files, chosen, load_mapping(mapping), rejects, Console(stderr=True))
    except MappingError as error:
        raise fail(str(error)) from None
    except (KafkaError, OSError) as error:
        raise fail(f"{chosen.brokers}: {error}") from None
    raise typer.Exit(code)
