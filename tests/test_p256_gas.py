"""Gas of meters with P-256 keys: the committed figures, and what else relies on them."""

from __future__ import annotations

import re

import pytest

from bench import p256
from bench.report import PAGE
from bench.workload import SLOTS_PER_DAY
from p2pchain import batching
from tests.conftest import ROOT


def verifier_gas() -> int:
    """What a verifier may use of a batch, as the contract says."""
    text = (ROOT / "contracts" / "libraries" / "Signatures.sol").read_text(encoding="utf-8")
    found = re.search(r"VERIFIER_GAS = ([0-9_]+);", text)
    assert found
    return int(found[1])


def test_the_dearest_signature_fits_what_a_verifier_may_use() -> None:
    for chain in p256.load()["chains"].values():
        gas = chain["verifier"]
        assert 0 < gas["verify_least"] <= gas["verify_most"] <= gas["verify_dearest"]
        assert gas["verify_dearest"] * 2 < verifier_gas()


def test_the_precompile_is_used_where_there_is_one() -> None:
    chains = p256.load()["chains"]
    without, with_it = (chains[name]["p256"] for name in ("prague", "osaka"))
    for figure in p256.FIGURES:
        assert with_it[figure] < without[figure]
        # a plain signature costs the same on both, and is the cheapest
        assert chains["prague"]["secp256k1"][figure] == chains["osaka"]["secp256k1"][figure]
        assert chains["osaka"]["secp256k1"][figure] < with_it[figure]
    assert chains["osaka"]["verifier"]["verify_most"] < 10_000


def test_batches_are_planned_with_what_a_record_costs() -> None:
    chains = p256.load()["chains"]
    for hardfork, planned in (
        ("prague", batching._P256),
        ("osaka", batching._P256_PRECOMPILED),
    ):
        gas = {key: chains[hardfork][key]["post_per_participant_slot"] for key in p256.KEYS}
        more = (gas["p256"] - gas["secp256k1"]) * SLOTS_PER_DAY
        assert planned * 3 // 4 < more <= planned
    assert verifier_gas() < batching._ASKED


def test_the_page_shows_the_committed_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert p256.rendered(p256.load(), page) == page


@pytest.mark.anvil
def test_gas_is_what_is_committed() -> None:
    """After a change that is meant: `make gas`, and a commit that gives the reason."""
    assert p256.check() == []
