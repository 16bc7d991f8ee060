"""What each type looks like as JSON: one description gives both its schema and its decoder."""
