"""A hook that writes to the standard `logging`, under the name `grokkit`; silent unless the program listens."""

import logging

from grokkit.errors import GrokError
from grokkit.telemetry.events import CallFailed, CallFinished, Event

_logger = logging.getLogger("grokkit")
_logger.addHandler(logging.NullHandler())


def log_event(event: Event) -> None:
    """Finished calls at INFO, failed ones at WARNING; each record has the event as `record.grok`."""
    if isinstance(event, CallFinished):
        if _logger.isEnabledFor(logging.INFO):
            _logger.info("grok.call_finished %s", _finished(event), extra={"grok": event})
    elif isinstance(event, CallFailed) and _logger.isEnabledFor(logging.WARNING):
        _logger.warning("grok.call_failed %s", _failed(event), extra={"grok": event})


def _finished(event: CallFinished) -> str:
    facts = [str(event.call), f"{event.elapsed:.3f}s", _ids(event.request_id, event.client_request_id)]
    if event.usage is not None:
        facts.append(f"tokens={event.usage.input_tokens}+{event.usage.output_tokens}")
    if event.model is not None:
        facts.append(f"served_by={event.model}")
    if not event.complete:
        facts.append("left early")
    return " ".join(facts)


def _failed(event: CallFailed) -> str:
    what = "cancelled" if event.error is None else in_brief(event.error)
    return f"{event.call} {event.elapsed:.3f}s {_ids(event.request_id, event.client_request_id)} {what}"


def in_brief(error: BaseException) -> str:
    """What a log may say of an error, on one line: ours say no secret, of others only the kind is told.

    >>> in_brief(GrokError("no such\\nmodel", status=404)), in_brief(ValueError("xai-0123456789abcdef"))
    ("GrokError('no such\\\\nmodel', status=404)", 'ValueError')
    """
    return repr(error) if isinstance(error, GrokError) else type(error).__name__


def _ids(request_id: str | None, client_request_id: str) -> str:
    return f"request={request_id or '-'} client={client_request_id}"
