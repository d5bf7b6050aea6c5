"""The chain: connecting, reading, sending, and the typed bindings of the contracts.

The only part of the package that may import web3, and it does so when a node is first used.
"""
