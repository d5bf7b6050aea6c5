"""`p2pchain keys`: make, import and list signing keys. No key and no passphrase is an argument."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.keys import Kdf, KeyInfo, parse_hex_key, read_key_file

_KDF = click.option(
    "--kdf",
    type=click.Choice(["scrypt", "pbkdf2"]),
    default="scrypt",
    show_default=True,
    help="How the passphrase is stretched; scrypt takes 256 MB of memory to open, pbkdf2 none.",
)


@click.group(
    cls=HelpfulGroup, epilog=examples("p2pchain keys new alice", "p2pchain keys list --json")
)
def keys() -> None:
    """Make, import and list signing keys.

    Keys are Keystore V3 files in ~/.p2pchain/keys or $P2PCHAIN_KEYS, readable by you alone.
    """


@keys.command(epilog=examples("p2pchain keys new alice"))
@click.argument("name")
@_KDF
@output_options
@click.pass_obj
def new(env: Env, name: str, kdf: Kdf, out: Output) -> None:
    """Make a new key and store it under NAME. Keep a copy of the file: nobody else has one."""
    _check_free(env, name)
    passphrase = env.passphrase(f"new passphrase for '{name}'", confirm=True)
    _show(out, env.keystore.new(name, passphrase, kdf=kdf))


@keys.command(
    "import",
    epilog=examples("p2pchain keys import alice --file alice.json", "p2pchain keys import alice"),
)
@click.argument("name")
@click.option(
    "--file",
    "source",
    type=click.Path(dir_okay=False, path_type=Path),
    help="64 hex digits or a Keystore V3 file, which keeps its passphrase. Without it the key is "
    "asked for, or read from stdin.",
)
@_KDF
@output_options
@click.pass_obj
def import_(env: Env, name: str, source: Path | None, kdf: Kdf, out: Output) -> None:
    """Store an existing key under NAME. The source is left as it is: delete it yourself."""
    _check_free(env, name)
    asked: list[str] = []
    if source is not None:

        def ask() -> str:
            asked.append(env.passphrase(f"passphrase of {source}"))
            return asked[0]

        signer = read_key_file(source, ask)
    elif sys.stdin.isatty():
        entered = click.prompt("signing key (64 hex digits)", hide_input=True, err=True)
        signer = parse_hex_key(entered, "the input")
    else:
        signer = parse_hex_key(sys.stdin.readline(), "stdin")
    passphrase = asked[0] if asked else env.passphrase(f"new passphrase for '{name}'", confirm=True)
    _show(out, env.keystore.add(name, signer, passphrase, kdf=kdf))


@keys.command("list", epilog=examples("p2pchain keys list", "p2pchain keys list --json"))
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List names and addresses. Nothing is opened."""
    rows = [_row(info) for info in env.keystore.list()]
    out.rows(
        "keys",
        rows,
        {"name": "name", "address": "address"},
        empty=f"no keys in {env.keystore.directory}; 'p2pchain keys new NAME' makes one",
    )


def _check_free(env: Env, name: str) -> None:
    path = env.keystore.path(name)
    if path.is_symlink() or path.exists():
        raise BadInput(
            f"there is a key '{name}' already",
            hint="choose another name; keys are never overwritten",
        )


def _show(out: Output, info: KeyInfo) -> None:
    out.fields(_row(info))


def _row(info: KeyInfo) -> dict[str, str]:
    return {"name": info.alias, "address": info.address, "file": str(info.path)}
