"""`p2pchain keys`: make, import and list signing keys. No key and no passphrase is an argument."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.keys import Kdf, KeyInfo, Kind, parse_hex_key, read_key_file

_KINDS = click.Choice(["secp256k1", "p256"])
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

    Keys are sealed files in ~/.p2pchain/keys or $P2PCHAIN_KEYS, readable by you alone. Accounts
    have secp256k1 keys, in Keystore V3 files; a meter's key may be of P-256 instead.
    """


@keys.command(
    epilog=examples("p2pchain keys new alice", "p2pchain keys new alice-meter --kind p256")
)
@click.argument("name")
@click.option(
    "--kind",
    type=_KINDS,
    default="secp256k1",
    show_default=True,
    help="The curve. P-256 is that of most secure elements; such a key signs readings only and "
    "costs more gas on chain.",
)
@_KDF
@output_options
@click.pass_obj
def new(env: Env, name: str, kind: Kind, kdf: Kdf, out: Output) -> None:
    """Make a new key and store it under NAME. Keep a copy of the file: nobody else has one."""
    _check_free(env, name)
    passphrase = env.passphrase(f"new passphrase for '{name}'", confirm=True)
    _show(out, env.keystore.new(name, passphrase, kdf=kdf, kind=kind))


@keys.command(
    "import",
    epilog=examples(
        "p2pchain keys import alice --file alice.json",
        "p2pchain keys import alice",
        "p2pchain keys import alice-meter --public meter-7.pem",
    ),
)
@click.argument("name")
@click.option(
    "--file",
    "source",
    type=click.Path(dir_okay=False, path_type=Path),
    help="64 hex digits, a Keystore V3 file or a PEM file with a P-256 key; a sealed file keeps "
    "its passphrase. Without it the key is asked for, or read from stdin.",
)
@click.option(
    "--public",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A PEM file with the public key of a P-256 key that stays in its meter.",
)
@click.option("--kind", type=_KINDS, help="The curve of hex digits; else secp256k1.")
@_KDF
@output_options
@click.pass_obj
def import_(
    env: Env,
    name: str,
    source: Path | None,
    public: Path | None,
    kind: Kind | None,
    kdf: Kdf,
    out: Output,
) -> None:
    """Store an existing key under NAME. The source is left as it is: delete it yourself."""
    _check_free(env, name)
    if public is not None:
        if source is not None or kind == "secp256k1":
            raise BadInput("--public is a P-256 key, and all of it", hint="leave out the others")
        _show(out, env.keystore.add_public(name, _public_key(public)))
        return
    asked: list[str] = []
    if source is not None:

        def ask() -> str:
            asked.append(env.passphrase(f"passphrase of {source}"))
            return asked[0]

        signer = read_key_file(source, ask, kind)
    elif sys.stdin.isatty():
        entered = click.prompt("signing key (64 hex digits)", hide_input=True, err=True)
        signer = parse_hex_key(entered, "the input", kind or "secp256k1")
    else:
        signer = parse_hex_key(sys.stdin.readline(), "stdin", kind or "secp256k1")
    passphrase = asked[0] if asked else env.passphrase(f"new passphrase for '{name}'", confirm=True)
    _show(out, env.keystore.add(name, signer, passphrase, kdf=kdf))


@keys.command("list", epilog=examples("p2pchain keys list", "p2pchain keys list --json"))
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List names and addresses, and public keys of P-256. Nothing is opened."""
    found = env.keystore.list()
    rows = [_row(info) for info in found]
    if not out.as_json:  # a public key is too long for a column
        rows = [{**row, "address": _shown(info)} for row, info in zip(rows, found, strict=True)]
    out.rows(
        "keys",
        rows,
        {"name": "name", "kind": "kind", "address": "address or public key"},
        empty=f"no keys in {env.keystore.directory}; 'p2pchain keys new NAME' makes one",
    )


def _check_free(env: Env, name: str) -> None:
    path = env.keystore.path(name)
    if path.is_symlink() or path.exists():
        raise BadInput(
            f"there is a key '{name}' already",
            hint="choose another name; keys are never overwritten",
        )


def _public_key(path: Path) -> bytes:
    from p2pchain.p256 import read_public_pem

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not text" if isinstance(error, ValueError) else str(error.strerror)
        raise BadInput(f"cannot read {path}: {why}") from None
    if "PRIVATE KEY" in text:
        raise BadInput(
            f"{path} holds a private key",
            hint="--file takes it in; or: openssl pkey -in FILE -pubout",
        )
    return read_public_pem(text, str(path))


def _show(out: Output, info: KeyInfo) -> None:
    row = _row(info)
    out.fields(row, {key.replace("_", " "): value for key, value in row.items() if value})


def _shown(info: KeyInfo) -> str:
    if info.public_key is None:
        return str(info.address)
    return f"0x{info.public_key.hex()[:16]}..." + ("" if info.is_here else " (in its device)")


def _row(info: KeyInfo) -> dict[str, str]:
    row = {"name": info.alias, "kind": info.kind}
    if info.public_key is None:
        row["address"] = str(info.address)
    else:
        row["public_key"] = "0x" + info.public_key.hex()
        row["private_key"] = "in the file, sealed" if info.is_here else "in its device"
    return row | {"file": str(info.path)}
