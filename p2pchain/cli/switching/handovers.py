"""`p2pchain switch read|estimate|dispute|agree|final-bill|refund`: after the change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    signature_bytes,
    slot_number,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.switching.common import EVIDENCE, EXPORT, HANDOVER, IMPORT, WH, hash_of
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.switch_book import SwitchBook


@click.command(
    epilog=examples(
        "p2pchain -a anybody switch read 3 --measured readings.jsonl",
        "p2pchain -a alice switch read 3 --import 4211500",
    )
)
@HANDOVER
@click.option(
    "--measured", metavar="FILE", help="What the meter has signed, as 'meter sign' wrote it."
)
@click.option("--import", "import_wh", type=WH, help="Your own reading, Wh of the import register.")
@EXPORT
@click.option("--sign-only", is_flag=True, help="Print the signature, and send nothing.")
@click.option("--signature", metavar="HEX", help="The customer's, if you carry it for him.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def read(
    env: Env,
    number: int,
    measured: str | None,
    import_wh: int | None,
    export_wh: int,
    sign_only: bool,
    signature: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Give the register at a change of supplier: what the meter signed, or what you have read.

    One value closes the old account and opens the new one. What a meter has signed, anybody may
    hand in at any time, and it stands; your own counts in the first days, until something better.
    """
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    if (measured is None) == (import_wh is None):
        raise BadInput("--measured FILE, or --import with your own reading")
    if measured is not None:
        deliver(
            env, out, _measured_call(book, number, measured),
            f"hand in the meter's register of handover {number}", dry_run=dry_run,
        )  # fmt: skip
        return
    assert import_wh is not None
    if sign_only:
        made = book.sign_reading(env.signer, number, import_wh, export_wh)
        out.fields({"handover": number, "import_wh": import_wh, "signature": made})
        return
    given = signature_bytes(signature)
    call = book.reading_call(number, import_wh, export_wh, given)
    deliver(env, out, call, f"register of handover {number}: {import_wh:,} Wh", dry_run=dry_run)


@click.command(epilog=examples("p2pchain -a metering-co switch estimate 3 --import 4211000"))
@HANDOVER
@IMPORT
@EXPORT
@deployment_option
@output_options
@sending_options
@click.pass_obj
def estimate(
    env: Env, number: int, import_wh: int, export_wh: int, out: Output, dry_run: bool
) -> None:
    """Estimate the register, as the meter agent or network operator of record.

    Only when the customer's days are over and nothing was read; it holds for both suppliers.
    """
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).estimate_call(number, import_wh, export_wh)
    deliver(env, out, call, f"estimate of handover {number}: {import_wh:,} Wh", dry_run=dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a alice switch dispute 3 --import 4911500 --first 2026-12-01T10:00Z "
        "--second 2026-12-16T10:00Z --evidence photos.zip"
    )
)
@HANDOVER
@IMPORT
@EXPORT
@click.option("--first", metavar="TIME", required=True, help="When the first reading was made.")
@click.option("--second", metavar="TIME", required=True, help="When the second was made.")
@EVIDENCE
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def dispute(
    env: Env,
    number: int,
    import_wh: int,
    export_wh: int,
    first: str,
    second: str,
    evidence: str,
    out: Output,
    dry_run: bool,
) -> None:
    """Dispute a register that no meter has signed, as the customer or one of both suppliers.

    The difference has to be above the rules' threshold, and proven by two readings far enough
    apart. Both suppliers then say what is right: 'switch agree'.
    """
    from p2pchain.switch_book import SwitchBook

    seconds = env.deployment.slot_seconds
    read_at = (slot_number(env, first) * seconds, slot_number(env, second) * seconds)
    call = SwitchBook(env.contracts).dispute_call(
        number, (import_wh, export_wh), read_at, hash_of(evidence)
    )
    deliver(env, out, call, f"dispute the register of handover {number}", dry_run=dry_run)


@click.command(epilog=examples("p2pchain -a valley switch agree 3 --import 4911500"))
@HANDOVER
@IMPORT
@EXPORT
@deployment_option
@output_options
@sending_options
@click.pass_obj
def agree(
    env: Env, number: int, import_wh: int, export_wh: int, out: Output, dry_run: bool
) -> None:
    """Say which register is right in a dispute, as a supplier; when both say the same, it holds."""
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).agree_call(number, import_wh, export_wh)
    deliver(env, out, call, f"handover {number}: {import_wh:,} Wh is right", dry_run=dry_run)


@click.command("final-bill", epilog=examples("p2pchain -a valley switch final-bill 3 bill.pdf"))
@HANDOVER
@click.argument("bill", metavar="FILE|0xHASH")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def final_bill(env: Env, number: int, bill: str, out: Output, dry_run: bool) -> None:
    """Take down the final bill by its hash, as the losing supplier; that stops its clock."""
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).final_bill_call(number, hash_of(bill))
    deliver(env, out, call, f"final bill of handover {number}", dry_run=dry_run)


@click.command(epilog=examples("p2pchain -a valley switch refund 3"))
@HANDOVER
@deployment_option
@output_options
@sending_options
@click.pass_obj
def refund(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Say that what the customer had left is paid back, as the losing supplier."""
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).refund_call(number)
    deliver(env, out, call, f"refund of handover {number} is paid", dry_run=dry_run)


def _measured_call(book: SwitchBook, number: int, path: str) -> Call:
    """The call with the reading of a file that reaches to, or begins with, the change."""
    from p2pchain.eip712 import metering_domain
    from p2pchain.market import packed
    from p2pchain.meter import read_signed

    contracts = book.contracts
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    domain = metering_domain(contracts.chain.chain_id, contracts.metering.address)
    handover = book.handover(number)
    for record in read_signed(text, path, domain):
        reading = record.reading
        covers = reading.first_slot <= handover.slot <= reading.until_slot
        if reading.meter == handover.meter and covers:
            return book.measured_call(number, packed(reading))
    raise BadInput(
        f"no reading of meter {handover.meter} in {path} reaches to slot {handover.slot}",
        hint="one that ends with the slot before, or begins with it",
    )
