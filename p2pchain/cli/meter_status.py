"""`p2pchain meter status`: where a meter stands."""

from __future__ import annotations

from typing import Any

import click

from p2pchain.cli.base import Env, examples
from p2pchain.cli.common import current_slot, known_meter, market_options, slot_text, zone_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import Refused


@click.command(epilog=examples("p2pchain meter status", "p2pchain meter status 7 --json"))
@click.argument("number", type=click.IntRange(1), required=False, metavar="[METER]")
@market_options
@zone_option
@output_options
@click.pass_obj
def status(env: Env, number: int | None, out: Output) -> None:
    """Show where METER stands: owner, key, registers, what is missing. Without METER, all."""
    if number is not None:
        data, shown = _described(env, known_meter(env, number))
        out.fields(data, shown)
        return
    count = env.contracts.registry.meter_count()
    rows = [_described(env, one)[0] for one in range(1, count + 1)]
    out.rows(
        "meters",
        rows,
        {
            "meter": "meter",
            "area": "area",
            "owner": "owner",
            "supplier": "supplier",
            "enrolled": "enrolled",
            "next_slot": ("next slot", lambda slot: slot_text(env, slot) if slot else "-"),
            "gaps": ("gaps", lambda gaps: str(len(gaps))),
        },
        empty="no meters yet; 'p2pchain admin meter add' registers one",
    )


def _described(env: Env, number: int) -> tuple[dict[str, Any], dict[str, str]]:
    registry, metering, slot = env.contracts.registry, env.contracts.metering, current_slot(env)
    try:
        terms, _ = registry.terms_at(number, slot)
        signer, until = registry.signer_at(number, slot)
    except Refused as refusal:
        if refusal.reason != "BeforeRegistration":
            raise
        text = "registered for a later slot"
        return {"meter": number, "area": registry.area_of(number), "gaps": []}, {"state": text}
    head = metering.head_of(number)
    gaps = [
        {"from_slot": gap.from_slot, "until_slot": gap.until_slot}
        for gap in (metering.gaps_of(number) if head.gaps else ())
    ]
    key = ("0x" + signer.hex()) if signer else None
    corrected = env.contracts.metering.corrected_wh(number)
    data: dict[str, Any] = {
        "meter": number,
        "area": registry.area_of(number),
        "owner": terms.owner,
        "supplier": terms.supplier,
        "tariff": terms.tariff,
        "fuse_wh": terms.fuse_wh,
        "billing_grade": terms.billing_grade,
        "key": key,
        "key_until_slot": until if until != 2**32 - 1 else None,
        "enrolled": head.enrolled,
        "next_slot": head.next_slot or None,
        "import_wh": head.import_wh if head.next_slot else None,
        "export_wh": head.export_wh if head.next_slot else None,
        "corrected_import_wh": corrected.import_wh,
        "corrected_export_wh": corrected.export_wh,
        "gaps": gaps,
    }
    return data, _shown(env, data)


def _shown(env: Env, data: dict[str, Any]) -> dict[str, str]:
    from p2pchain.keys import checksum
    from p2pchain.units import format_energy

    key = data["key"]
    until = data["key_until_slot"]
    name = "revoked" if key is None else checksum(key) if len(key) == 42 else key
    verifier = env.deployment.contracts.get("ERC7913P256Verifier", "").lower()
    if verifier and name.startswith(verifier):
        name = f"P-256, 0x{name.removeprefix(verifier)}"
    shown = {
        "meter": f"{data['meter']} in area {data['area']}",
        "owner": data["owner"],
        "supplier": f"{data['supplier']}, tariff {data['tariff']}",
        "fuse": f"{format_energy(data['fuse_wh'])} a slot",
        "money": "billing grade" if data["billing_grade"] else "may not move money",
        "key": name + (f", until {slot_text(env, until)}" if until else ""),
        "market": "enrolled" if data["enrolled"] else "in none; 'p2pchain enrol'",
    }
    if data["next_slot"] is None:
        return {**shown, "posted": "nothing yet"}
    registers = f"{format_energy(data['import_wh'])} in, {format_energy(data['export_wh'])} out"
    shown["posted"] = f"up to {slot_text(env, data['next_slot'])}"
    shown["registers"] = registers
    corrected = data["corrected_import_wh"], data["corrected_export_wh"]
    if any(corrected):
        imported, exported = map(format_energy, corrected)
        shown["corrected"] = f"{imported} in, {exported} out, beside the registers"
    for gap in data["gaps"]:
        text = f"{slot_text(env, gap['from_slot'])} to {slot_text(env, gap['until_slot'])}"
        shown["missing"] = f"{shown['missing']}, {text}" if "missing" in shown else text
    return shown
