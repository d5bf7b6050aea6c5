"""p2pchain: a peer-to-peer energy market on contracts, on measured energy.

Energy is in Wh, money in nano-currency (1e-9), prices in nano-currency per Wh and time in slots
(unix time / slot seconds); all are integers. Importing this package loads no blockchain library.
"""

__version__ = "0.1.0"
