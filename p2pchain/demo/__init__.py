"""The demonstration: measured homes share their sun on a local chain, with proof."""

from p2pchain.demo.run import Settings, run

__all__ = ["Settings", "run"]
