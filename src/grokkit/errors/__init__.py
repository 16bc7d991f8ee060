"""Every error grokkit raises, in four families by what the caller can do.

* GrokError
  - BadCall: fix the call
    - InvalidRequest > ContextTooLong, ParameterRejected
    - NotFound > ModelNotFound
    - RequestTooLarge, ContentRefused, DownloadRefused, ConfigInvalid, ExtraMissing
    - AnswerUnfit > AnswerCutOff, AnswerRefused
    - Misused > ClientClosed, StreamNotOpen, BlockingCallRefused
  - TryLater: wait and retry
    - RateLimited, NoCapacity, QueueFull, CircuitOpen, StoreUnavailable
    - ServerFailed > EdgeFailed, ResponseFailed
    - ConnectionFailed (nothing was sent) > NameNotResolved, ConnectTimedOut
    - ConnectionLost (something was sent)
    - TimedOut > FirstEventTimedOut, StreamStalled, WireTimedOut, DeadlineExceeded > WouldExceedDeadline
    - StreamInterrupted
  - AskSomeone: credentials, permission, money
    - KeyMissing, KeyRejected, PermissionDenied, OutOfCredits, CertificateRejected
  - ReportBug: report a bug
    - ReplyUnreadable > StreamCorrupted
    - ReplyTooLarge > EventTooLarge

`retryable` says whether the same call could succeed when it is made again; `docs/errors.md` has a section
on each class. No text that goes in here comes out with a key in it: the constructor masks them.
"""

from grokkit.errors.ask_someone import (
    AskSomeone,
    CertificateRejected,
    KeyMissing,
    KeyRejected,
    OutOfCredits,
    PermissionDenied,
)
from grokkit.errors.bad_call import (
    BadCall,
    BlockingCallRefused,
    ClientClosed,
    ConfigInvalid,
    ContentRefused,
    ContextTooLong,
    DownloadRefused,
    ExtraMissing,
    InvalidRequest,
    Misused,
    ModelNotFound,
    NotFound,
    ParameterRejected,
    RequestTooLarge,
    StreamNotOpen,
)
from grokkit.errors.report_bug import EventTooLarge, ReplyTooLarge, ReplyUnreadable, ReportBug, StreamCorrupted
from grokkit.errors.root import CallRef, Details, GrokError
from grokkit.errors.try_later import (
    CircuitOpen,
    ConnectionFailed,
    ConnectionLost,
    ConnectTimedOut,
    DeadlineExceeded,
    EdgeFailed,
    FirstEventTimedOut,
    NameNotResolved,
    NoCapacity,
    QueueFull,
    RateLimited,
    ResponseFailed,
    ServerFailed,
    StoreUnavailable,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
    TryLater,
    WireTimedOut,
    WouldExceedDeadline,
)
from grokkit.errors.unfit_answer import AnswerCutOff, AnswerRefused, AnswerUnfit

__all__ = [
    "AnswerCutOff",
    "AnswerRefused",
    "AnswerUnfit",
    "AskSomeone",
    "BadCall",
    "BlockingCallRefused",
    "CallRef",
    "CertificateRejected",
    "CircuitOpen",
    "ClientClosed",
    "ConfigInvalid",
    "ConnectTimedOut",
    "ConnectionFailed",
    "ConnectionLost",
    "ContentRefused",
    "ContextTooLong",
    "DeadlineExceeded",
    "Details",
    "DownloadRefused",
    "EdgeFailed",
    "EventTooLarge",
    "ExtraMissing",
    "FirstEventTimedOut",
    "GrokError",
    "InvalidRequest",
    "KeyMissing",
    "KeyRejected",
    "Misused",
    "ModelNotFound",
    "NameNotResolved",
    "NoCapacity",
    "NotFound",
    "OutOfCredits",
    "ParameterRejected",
    "PermissionDenied",
    "QueueFull",
    "RateLimited",
    "ReplyTooLarge",
    "ReplyUnreadable",
    "ReportBug",
    "RequestTooLarge",
    "ResponseFailed",
    "ServerFailed",
    "StoreUnavailable",
    "StreamCorrupted",
    "StreamInterrupted",
    "StreamNotOpen",
    "StreamStalled",
    "TimedOut",
    "TryLater",
    "WireTimedOut",
    "WouldExceedDeadline",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # where they are looked for: what tracebacks, reprs and pickles say
