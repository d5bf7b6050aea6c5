"""What a slot does to the low-voltage network behind the market: voltages, loading, headroom.

`network` knows the networks and where homes are connected, `flow` computes a slot, `headroom` how
much more the network carries, `slot` what the members' meters have signed for it.
"""
