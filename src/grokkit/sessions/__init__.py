"""Conversations that last: their history kept valid, saved, searched, forked, rewound and made short."""
