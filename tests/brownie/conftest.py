"""The deployment that scripts/deploy.py has made, as brownie sees it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from brownie import accounts

from p2pchain.chain.deployment import Deployment, path_of
from scripts.deploy import contracts_of


@pytest.fixture(scope="session")
def record() -> Deployment:
    """The record of the deployment: the file that $P2PCHAIN_RECORD names, or anvil's own."""
    return Deployment.load(Path(os.environ.get("P2PCHAIN_RECORD") or path_of("anvil")))


@pytest.fixture(scope="session")
def contracts(record: Deployment) -> dict[str, Any]:
    """brownie's contract objects by name."""
    return contracts_of(record)


@pytest.fixture(scope="session")
def admin() -> Any:
    """The account that deployed."""
    return accounts[0]


@pytest.fixture(scope="session")
def stranger() -> Any:
    """An account without a role."""
    return accounts[7]
