"""`igoudar render`."""

from __future__ import annotations

from pathlib import Path

import click

from igoudar.cli._frame import Place, site_argument
from igoudar.day import today
from igoudar.texts import device_texts


@click.command()
@site_argument
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
@click.option("--device", "devices", multiple=True, help="Only this device; may be repeated.")
def command(site: Place, out: Path, devices: tuple[str, ...]) -> None:
    """Write every text of SITE to OUT/<device>/<path>.

    The very bytes that `pulumi up` puts on the devices, with secrets as marks (secret:name@version).
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    texts = device_texts(compile_site(site.folder, root=site.root, today=today()))
    if unknown := sorted(set(devices) - set(texts)):
        raise click.BadParameter(f"{site.name} has no device {', '.join(unknown)}", param_hint="--device")
    count = 0
    for device, files in texts.items():
        if devices and device not in devices:
            continue
        for path, text in files.items():
            _write(out / device / path.lstrip("/"), text)
            count += 1
    click.echo(f"{count} files of {len(devices) or len(texts)} devices in {out}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise click.FileError(str(path), (error.strerror or "input or output failed").lower()) from error
