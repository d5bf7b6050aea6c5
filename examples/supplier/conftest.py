"""The fixtures come from p2pchain."""

pytest_plugins = ["p2pchain.testing"]
