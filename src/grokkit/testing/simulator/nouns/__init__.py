"""The nouns of the API: each module registers the endpoints of one in a `Table`, and is found by being here."""
