"""What the owner of a meter uses: money, membership, limits, and what came of it."""
