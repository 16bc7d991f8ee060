"""Conversations by voice: the socket `/v1/realtime`.

Turn detection is simplified: loud samples are speech, and the silence that ends it is counted in the sound itself.
The server's `mcp_list_tools.*` and `response.mcp_call*` events are not simulated.
"""
