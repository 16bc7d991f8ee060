"""What travels: structs, events, error bodies, usage. Pure, no I/O."""
