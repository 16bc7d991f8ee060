"""One module per noun of the API: arguments to a Call, a Reply to a typed answer."""
