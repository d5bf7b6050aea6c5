"""For those who change p2pchain itself: compile the contracts and generate their bindings."""
