"""Single flight: equal calls at the same time share one call to the server, streams included.

Off by default, since it is for programs that know that equal questions may have one answer: `coalesce=True` for a
client or a call. A hundred equal prompts at one moment are then sent, and billed, once.

Calls are equal when everything is that the answer could depend on: tenant, account, method, address, query, body (the
order of its keys does not count), all headers but those that only name the call, whether it streams, its policies, and
the notes that layers further out left in its context. Tenants never share, nor do event loops. Only calls of a model
without server-side tools that change things are shared, and reading (GET).

Everybody waits under a time limit of their own. The call to the server has none, so nothing further in refuses it for
lack of time: it is ended when the last one who waits for it has left, whoever was first. Inside, it is the first one's
call: its context variables, its limits between events, its hooks for retries. When it fails, each gets a copy of the
error with a traceback of its own.

A stream can be joined until its upstream has ended, or has grown above `max_body_size`. Who joins later reads it from
its first chunk, at a pace of their own; nobody waits for anybody slower. Beyond `max_body_size` the server is read only
as fast as the fastest reader wants it, and what all have read is forgotten.

What it costs: the reply of each one who joined has `context["joined"]`, the client request id under which the call was
sent. All of them report the usage of that one call, so whoever adds up costs must count each id once:
`reply.context.get("joined", call.id)`.
"""

from grokkit.layers.coalesce.layer import InFlight, SingleFlight

__all__ = ["InFlight", "SingleFlight"]
