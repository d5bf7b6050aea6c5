"""`p2pchain meter exchange`: one meter goes, another comes, and no energy is lost between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples, role_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    known_meter,
    slot_number,
    slot_text,
    zone_option,
)
from p2pchain.cli.device import device_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused

if TYPE_CHECKING:
    from p2pchain.model import Exchange


@click.command(
    epilog=examples(
        "p2pchain -a operator meter exchange 7 --at 2026-06-01T06:00Z \\\n"
        "    --closing-import 5120.4kWh --closing-export 0kWh --old-key old --new-key new",
        "p2pchain meter exchange 7 --at 2026-06-01T06:00Z --old-key old --sign-only",
    )
)
@click.argument("number", type=click.IntRange(1), metavar="METER")
@click.option("--at", "begin", required=True, metavar="TIME", help="The new meter's first slot.")
@click.option(
    "--closing-import", "closing_import", metavar="ENERGY",
    help="The old meter's import register at that time; else as the chain knows it.",
)  # fmt: skip
@click.option("--closing-export", "closing_export", metavar="ENERGY")
@click.option(
    "--opening-import", "opening_import", metavar="ENERGY", default="0Wh", show_default=True,
    help="The new meter's import register at that time.",
)  # fmt: skip
@click.option(
    "--opening-export", "opening_export", metavar="ENERGY", default="0Wh", show_default=True
)
@click.option("--old-key", metavar="NAME", help="The old meter's key, or --closing-signature.")
@click.option("--new-key", metavar="NAME", help="The new meter's key, or --opening-signature.")
@click.option("--closing-signature", metavar="HEX", help="As --sign-only has printed it.")
@click.option("--opening-signature", metavar="HEX", help="As --sign-only has printed it.")
@click.option("--sign-only", is_flag=True, help="Print the signatures of the keys given, and stop.")
@device_option
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def exchange(
    env: Env,
    number: int,
    begin: str,
    closing_import: str | None,
    closing_export: str | None,
    opening_import: str,
    opening_export: str,
    old_key: str | None,
    new_key: str | None,
    closing_signature: str | None,
    opening_signature: str | None,
    sign_only: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Replace METER: its old registers are closed, the new ones opened. Role: METER_OPERATOR.

    Both meters sign their own registers. The new key is registered before, from the same slot on:
    'p2pchain admin meter rotate-key'. What the old meter measured and has not posted yet stays a
    gap, which its key may still fill.
    """
    from p2pchain.model import Exchange
    from p2pchain.units import parse_energy

    slot = slot_number(env, begin)
    closing = _closing(env, number, slot, closing_import, closing_export)
    opening = parse_energy(opening_import), parse_energy(opening_export)
    e = Exchange(number, slot, *closing, *opening)
    signatures = {
        "closing": _signature(env, e, False, old_key, closing_signature, sign_only),
        "opening": _signature(env, e, True, new_key, opening_signature, sign_only),
    }
    if sign_only:
        made = {f"{side}_signature": f"0x{s.hex()}" for side, s in signatures.items() if s}
        if not made:
            raise BadInput("--sign-only needs a key to sign with", hint="--old-key or --new-key")
        out.fields({"meter": number, "slot": slot, **made})
        return
    _send(env, e, signatures["closing"], signatures["opening"], out, dry_run)


def _send(
    env: Env, e: Exchange, closing: bytes, opening: bytes, out: Output, dry_run: bool
) -> None:
    from p2pchain.chain.bindings import structs
    from p2pchain.chain.bindings.errors import ExchangeRefused
    from p2pchain.cli.words import OUTCOMES
    from p2pchain.model import Outcome

    known_meter(env, e.meter)
    _, until = env.contracts.registry.signer_at(e.meter, e.slot - 1)
    if until != e.slot:
        raise Refused(
            "NoNewKey",
            (e.meter,),
            f"first: 'p2pchain admin meter rotate-key {e.meter} --key KEY --from "
            f"{slot_text(env, e.slot)}', before that slot begins",
            message=f"meter {e.meter} has no key of its own from {slot_text(env, e.slot)} on",
        )
    call = env.contracts.metering.exchange_meter(
        structs.Exchange(
            e.meter,
            e.slot,
            e.closing_import_wh,
            e.closing_export_wh,
            e.opening_import_wh,
            e.opening_export_wh,
            closing,
            opening,
        )
    )
    what = (
        f"exchange meter {e.meter} at {slot_text(env, e.slot)}: the old one ends at"
        f" {e.closing_import_wh:,} Wh in and {e.closing_export_wh:,} Wh out, the new one begins at"
        f" {e.opening_import_wh:,} and {e.opening_export_wh:,}"
    )
    try:
        deliver(env, out, call, what, dry_run=dry_run, result=lambda _: {"from_slot": e.slot})
    except ExchangeRefused as refusal:
        outcome = Outcome(int(refusal.reason_))
        why, hint = OUTCOMES[outcome]
        if outcome == Outcome.REGISTER_FELL:
            hint = OUTCOMES[Outcome.REGISTERS_DO_NOT_JOIN][1]
        if outcome == Outcome.BAD_SIGNATURE:
            why = "a register is not signed by the key that the meter has on that side of the slot"
        raise Refused(
            refusal.reason, refusal.args, hint, message=f"the exchange is refused: {why}"
        ) from refusal


def _closing(
    env: Env, number: int, slot: int, closing_import: str | None, closing_export: str | None
) -> tuple[int, int]:
    """The old meter's registers: as stated, or those that the chain knows at that slot."""
    from p2pchain.units import parse_energy

    if closing_import is not None and closing_export is not None:
        return parse_energy(closing_import), parse_energy(closing_export)
    if (closing_import is None) != (closing_export is None):
        raise BadInput("one register is missing", hint="--closing-import and --closing-export")
    head = env.contracts.metering.head_of(known_meter(env, number))
    if head.next_slot != slot:
        raise BadInput(
            f"the chain does not know the registers of meter {number} at {slot_text(env, slot)}",
            hint="read them off the old meter: --closing-import and --closing-export",
        )
    return head.import_wh, head.export_wh


def _signature(
    env: Env, e: Exchange, opening: bool, key: str | None, given: str | None, sign_only: bool
) -> bytes:
    """Sign with a key of the keystore, or read what was signed elsewhere."""
    from p2pchain.eip712 import exchange_digest, metering_domain

    options = (
        ("--new-key", "--opening-signature") if opening else ("--old-key", "--closing-signature")
    )
    if key is not None and given is not None:
        raise BadInput(f"{' and '.join(options)} say the same: give one")
    if key is not None:
        record = env.deployment
        domain = metering_domain(record.chain_id, record.contracts["Metering"])
        return env.meter_key(key).sign_digest(exchange_digest(domain, e, opening))
    if given is not None:
        try:
            return bytes.fromhex(given.removeprefix("0x"))
        except ValueError:
            raise BadInput(f"{options[1]} is not hexadecimal") from None
    if sign_only:
        return b""
    raise BadInput(
        f"the {'new' if opening else 'old'} meter has not signed", hint=" or ".join(options)
    )
