"""What brownie compiles is what the package ships and what the deployment has put on the chain."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from brownie import project, web3

from p2pchain.chain.deployment import Deployment, artifact
from p2pchain.dev.build import settings

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "p2pchain" / "chain" / "artifacts"
NAMES = sorted(path.stem for path in ARTIFACTS.glob("*.json"))
# OpenZeppelin's own, which no contract imports as a whole: brownie compiles contracts/ only.
ELSEWHERE = {"AccessManager", "ERC7913P256Verifier"}


@cache
def compiled() -> dict[str, Any]:
    """brownie's build of every contract, by name."""
    (loaded,) = project.get_loaded_projects()
    return dict(loaded._build.items())


def without_metadata(code: str) -> str:
    """Runtime code without the CBOR at its end, whose length are the last two bytes.

    brownie cannot say `bytecodeHash: none`, so its metadata is longer than that of the package.
    """
    plain = code.removeprefix("0x")
    return plain[: -2 * (int(plain[-4:], 16) + 2)]


def test_the_settings_are_those_of_foundry() -> None:
    (loaded,) = project.get_loaded_projects()
    solc, chosen = loaded._compiler_config["solc"], settings(ROOT)
    assert solc["evm_version"] == chosen["evmVersion"]
    assert solc["viaIR"] == chosen["viaIR"]
    assert solc["optimizer"] == chosen["optimizer"]
    assert solc["remappings"] == chosen["remappings"]
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]["solc"]
    assert solc["version"] == pinned


def test_all_but_what_is_openzeppelins_is_compiled() -> None:
    assert len(NAMES) > 20
    assert set(NAMES) - set(compiled()) == ELSEWHERE


@pytest.mark.parametrize("name", sorted(set(NAMES) - ELSEWHERE))
def test_code_and_interface_are_those_of_the_package(name: str) -> None:
    ours, theirs = artifact(name), compiled()[name]
    code = without_metadata(theirs["deployedBytecode"])
    assert len(code) > 1000
    assert code == without_metadata(ours["deployed_bytecode"])
    assert sorted(map(ordered, theirs["abi"])) == sorted(map(ordered, ours["abi"]))


def test_it_stands_on_the_chain(record: Deployment) -> None:
    """Addresses of libraries and immutable values aside, which the package's artifacts locate."""
    checked = 0
    for entry, address in record.contracts.items():
        name = "TestCurrency" if entry == "Token" else entry
        if name in ELSEWHERE:
            continue
        expected = without_metadata(compiled()[name]["deployedBytecode"])
        found = without_metadata(web3.eth.get_code(address).hex())
        immutables = artifact(name)["immutable_references"].values()
        places = [(at, 32) for starts in immutables for at in starts]
        for library, starts in artifact(name)["deployed_link_references"].items():
            linked = record.contracts[library][2:].lower()
            assert all(found[2 * at : 2 * at + 40] == linked for at in starts)
            places += [(at, 20) for at in starts]
        assert blanked(found, places) == blanked(expected, places), name
        checked += 1
    assert checked == len(NAMES) - len(ELSEWHERE)


def blanked(code: str, places: list[tuple[int, int]]) -> str:
    for at, length in places:
        code = code[: 2 * at] + "-" * (2 * length) + code[2 * (at + length) :]
    return code


def ordered(item: dict[str, Any]) -> str:
    """An entry of an interface as text; brownie gives constructors a name."""
    named = {k: v for k, v in item.items() if (k, item["type"]) != ("name", "constructor")}
    return json.dumps(named, sort_keys=True)
