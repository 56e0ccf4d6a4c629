"""`fangfan publish FILE…`: sends reports from JSON Lines, CSV or Excel to the right topic."""

from pathlib import Path
from typing import Annotated

import typer

from agents.settings import Settings
from fangfan.looks import console
from fangfan.mapping import MappingError, load_mapping
from fangfan.options import CONNECTION, fail, with_settings
from fangfan.publish import publish_files
from fangfan.rejects import objection


@with_settings(*CONNECTION)
def publish(
    chosen: Settings,
    files: Annotated[list[Path], typer.Argument(help="JSON Lines (.jsonl), CSV (UTF-8 or GBK) or Excel (.xlsx).")],
    mapping: Annotated[
        Path | None,
        typer.Option(envvar="FANGFAN_MAPPING", metavar="FILE", help="Headers and words of tables.", show_default="Shanxi's"),
    ] = None,
    rejects: Annotated[
        Path, typer.Option(envvar="FANGFAN_REJECTS", metavar="FILE", help="Where refused rows are listed.")
    ] = Path("rejects.csv"),
) -> None:
    """Send reports to their topics; exits 0 only if every row went.

    JSON Lines may also hold area events, registry entries and their removal (schema household-removal/1).
    """
    try:
        if (reason := objection(rejects, files)) is not None:
            raise fail(f"--rejects: {reason}")
        code = publish_files(files, chosen, load_mapping(mapping), rejects, console(stderr=True))
    except MappingError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename or rejects}: {error.strerror or error}") from None
    raise typer.Exit(code)
