"""Voice: speech from text, text from speech, and conversations, over requests and sockets."""
