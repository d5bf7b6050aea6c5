"""`p2pchain admin meter`: register meters, change their terms and their keys."""

from __future__ import annotations

from dataclasses import replace

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import (
    account_of,
    current_slot,
    deliver,
    deployment_option,
    from_slot,
    known_meter,
    point_salt,
    slot_number,
    slot_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain -a operator admin meter add --help"))
def meter() -> None:
    """Meters: their owners, suppliers, fuses and keys. 'p2pchain meter status' shows them."""


@meter.command(
    epilog=examples(
        "p2pchain -a operator admin meter add --area 1 --owner alice --supplier 1 --fuse 24kWh "
        "--key alice-meter --point 2000012345678"
    )
)
@click.option("--area", type=click.IntRange(1), required=True)
@click.option("--owner", required=True, metavar="ACCOUNT", help="Who pays and is paid.")
@click.option("--supplier", type=click.IntRange(1, 2**16 - 1), required=True)
@click.option("--tariff", type=click.IntRange(0, 2**16 - 1), default=1, show_default=True)
@click.option(
    "--fuse",
    required=True,
    metavar="ENERGY",
    help="The most the connection carries in one slot, each way, as 24kWh.",
)
@click.option(
    "--key",
    "signer",
    required=True,
    metavar="KEY",
    help="The meter's key: its address, its name here, p256: and a public key, or an ERC-7913 "
    "signer.",
)
@click.option(
    "--point",
    required=True,
    metavar="NUMBER",
    help="Public number of the metering point. Only a salted hash goes on the chain.",
)
@click.option("--from", "begin", metavar="TIME", help="Its first slot; else the running one.")
@click.option("--not-billing-grade", is_flag=True, help="Its readings move no money.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def add(
    env: Env,
    area: int,
    owner: str,
    supplier: int,
    tariff: int,
    fuse: str,
    signer: str,
    point: str,
    begin: str | None,
    not_billing_grade: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Register a meter and print its number. Role: REGISTRAR.

    The salt that is printed proves later which metering point the meter stands for. It is made from
    the number and your key, so the same command gives the same salt; with --unsigned it is a new
    one each time, which belongs to the call that is printed with it.
    """
    from p2pchain.chain.bindings.registry import MeterRegistered
    from p2pchain.chain.deployment import commitment
    from p2pchain.model import Terms
    from p2pchain.operator import Operator, created

    slot = current_slot(env) if begin is None else slot_number(env, begin)
    account = account_of(env, owner)
    terms = Terms(account, slot, supplier, tariff, _fuse(fuse), not not_billing_grade)
    salt = point_salt(env, point, dry_run=dry_run)
    call = Operator(env.contracts).register_meter_call(
        area, commitment(point, salt), terms, _signer(env, signer)
    )
    if (
        not dry_run and not env.unsigned_for
    ):  # a run that was cut off may have registered it in an earlier slot
        for found in env.sender.recovered:
            if found.call.to == call.to and found.call.data[:68] == call.data[:68]:
                call = found.call if found.state != "void" else call
    deliver(
        env,
        out,
        call,
        f"register a meter of {account} in area {area} from {slot_text(env, slot)} on",
        dry_run=dry_run,
        result=lambda receipt: {
            "meter": created(env.contracts, receipt, MeterRegistered).meter,
            "salt": salt,
        },
        told={"salt": salt},
    )


@meter.command(
    epilog=examples(
        "p2pchain -a operator admin meter terms 7 --supplier 2 --from 2026-12-01T00:00Z",
        "p2pchain -a operator admin meter terms 7 --owner bob",
    )
)
@click.argument("number", type=click.IntRange(1), metavar="METER")
@click.option("--owner", metavar="ACCOUNT")
@click.option("--supplier", type=click.IntRange(1, 2**16 - 1))
@click.option("--tariff", type=click.IntRange(0, 2**16 - 1))
@click.option("--fuse", metavar="ENERGY")
@click.option("--billing-grade/--not-billing-grade", default=None)
@click.option("--from", "begin", metavar="TIME", help="The first slot; else the next one.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def terms(
    env: Env,
    number: int,
    owner: str | None,
    supplier: int | None,
    tariff: int | None,
    fuse: str | None,
    billing_grade: bool | None,
    begin: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Change the owner, supplier, tariff or fuse of METER; the rest stays. Role: REGISTRAR.

    A new owner takes part only after enrolling the meter himself.
    """
    from p2pchain.model import Terms
    from p2pchain.operator import Operator

    slot = from_slot(env, begin)
    old, _ = env.contracts.registry.terms_at(known_meter(env, number), slot)
    now = Terms(old.owner, slot, old.supplier, old.tariff, old.fuse_wh, old.billing_grade)
    new = replace(
        now,
        owner=account_of(env, owner) if owner else now.owner,
        supplier=now.supplier if supplier is None else supplier,
        tariff=now.tariff if tariff is None else tariff,
        fuse_wh=_fuse(fuse) if fuse else now.fuse_wh,
        billing_grade=now.billing_grade if billing_grade is None else billing_grade,
    )
    if new == now:
        raise BadInput("nothing would change", hint="say what: --owner, --supplier, ...")
    call = Operator(env.contracts).set_terms(number, new)
    what = f"change the terms of meter {number} from {slot_text(env, slot)} on"
    deliver(env, out, call, what, dry_run=dry_run, result=lambda _: {"from_slot": slot})


@meter.command(
    "rotate-key",
    epilog=examples("p2pchain -a operator admin meter rotate-key 7 --key alice-meter-2"),
)
@click.argument("number", type=click.IntRange(1), metavar="METER")
@click.option("--key", "signer", required=True, metavar="KEY", help="As in 'admin meter add'.")
@click.option("--from", "begin", metavar="TIME", help="Its first slot; else the next one.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def rotate_key(
    env: Env, number: int, signer: str, begin: str | None, out: Output, dry_run: bool
) -> None:
    """Give METER another key; the old one signs the slots before. Role: METER_OPERATOR."""
    slot = from_slot(env, begin)
    call = env.contracts.registry.set_signer(known_meter(env, number), slot, _signer(env, signer))
    what = f"change the key of meter {number} from {slot_text(env, slot)} on"
    deliver(env, out, call, what, dry_run=dry_run, result=lambda _: {"from_slot": slot})


@meter.command(epilog=examples("p2pchain -a alice admin meter revoke 7"))
@click.argument("number", type=click.IntRange(1), metavar="METER")
@deployment_option
@output_options
@role_options
@click.pass_obj
def revoke(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Revoke the key of METER from the running slot on. Its owner, or role: METER_OPERATOR.

    Readings of earlier slots stay valid, and 'rotate-key' gives the meter a new key.
    """
    registry, slot = env.contracts.registry, current_slot(env)
    terms, _ = registry.terms_at(known_meter(env, number), slot)
    own = terms.owner == env.address
    call = registry.revoke_signer(number) if own else registry.set_signer(number, slot, b"")
    deliver(env, out, call, f"revoke the key of meter {number}", dry_run=dry_run)


def _fuse(text: str) -> int:
    from p2pchain.units import parse_energy

    wh = parse_energy(text)
    if not 0 < wh < 1 << 24:
        raise BadInput(f"'{text}' for a fuse", hint="more than nothing and less than 16.7MWh")
    return wh


def _signer(env: Env, text: str) -> bytes:
    """Return an address of 20 bytes, or a longer ERC-7913 signer."""
    from p2pchain.p256 import erc7913, parse_public_key

    if text.lower().startswith("p256:"):
        return erc7913(env.contracts.p256_verifier.address, parse_public_key(text[5:]))
    if text.lower().startswith("0x") and len(text) > 42:
        return _checked(env, text)
    if not text.lower().startswith("0x"):
        public_key = env.keystore.info(text).public_key
        if public_key is not None:
            return erc7913(env.contracts.p256_verifier.address, public_key)
    return bytes.fromhex(account_of(env, text)[2:])


def _checked(env: Env, text: str) -> bytes:
    """Return an ERC-7913 signer, if it is one that can ever sign."""
    from p2pchain.chain.deployment import P256_VERIFIER
    from p2pchain.keys import checksum
    from p2pchain.p256 import checked_public_key

    try:
        signer = bytes.fromhex(text[2:])
    except ValueError:
        raise BadInput("the signer is not hexadecimal", hint="0x, verifier, key") from None
    verifier = checksum(signer[:20])
    if verifier == env.deployment.contracts.get(P256_VERIFIER):
        checked_public_key(signer[20:])
    if not env.chain.code(verifier):
        raise BadInput(
            f"there is no contract at {verifier}, so nothing that this key signs would count",
            hint="0x, the address of the verifier, the key; or p256: and the public key",
        )
    return signer
