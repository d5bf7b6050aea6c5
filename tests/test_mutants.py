"""The lists of mutants and proofs say what is there: they cannot rot while the sources change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import mutation, proofs
from tools.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = mutants()
#: Rules that both sides must have a mutant of, whatever it is called.
RULES = (
    "rounded down",
    "rounded up",
    "carried to the next member",
    "better limits|up to the last filled tick",
    "only the side that has more is rationed",
    "critical loads",
    "fuse",
    "has ended",
    "begins with its registers",
    "register falls",
    "standing charge",
    "cap",
    "fees",
    "gate closure",
    "signed for",
)


def test_every_mutant_has_a_name_a_rule_and_a_test_of_its_own() -> None:
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS) >= 40
    for side in ("p2pchain/", "contracts/"):
        rules = [mutant.rule for mutant in MUTANTS if mutant.file.startswith(side)]
        assert len(rules) >= 20, side
        for rule in RULES:
            assert any(re.search(rule, other) for other in rules), (side, rule)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_what_it_changes_stands_there_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.file} has changed: put {mutant.id} right"
    assert mutant.old != mutant.new
    assert mutant.is_proof or mutant.says, "say what the failing test prints"
    for name in mutant.compile:
        assert any((ROOT / "contracts").rglob(f"{name}.sol")), name


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_the_test_that_kills_it_is_there(mutant: Mutant) -> None:
    path, _, name = mutant.test.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    keyword = "function" if mutant.is_proof else "def"
    assert name, "name the test, not its file"
    assert re.search(rf"{keyword} {name}\(", text), mutant.test


def test_there_are_proofs_of_all_that_was_promised() -> None:
    found = proofs.checks_in()
    every = [name for names in found.values() for name in names]
    assert len(every) == len(set(every)) >= 15
    for contract in ("LedgerProofs", "MeteringProofs", "WordProofs", "RoleProofs", "FillProofs"):
        assert len(found[contract]) >= 3, contract


def test_targets_of_mutation_are_there() -> None:
    assert set(mutation.TARGETS) == {"ledger", "matching", "metering", "settlement"}
    for target in mutation.TARGETS.values():
        for path in (*target.files, *(f"tests/solidity/{test}" for test in target.tests)):
            assert (ROOT / path).is_file(), path
