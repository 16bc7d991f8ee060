"""The names of the models one can ask for, as constants and as a hint for checkers; never a validation."""

from typing import Final, Literal

GROK_4_7: Final = "grok-4.7"
GROK_4_6: Final = "grok-4.6"
GROK_4_5: Final = "grok-4.5"
GROK_4_3: Final = "grok-4.3"
GROK_4_20_REASONING: Final = "grok-4.20-0309-reasoning"
GROK_4_20_NON_REASONING: Final = "grok-4.20-0309-non-reasoning"
GROK_4_20_MULTI_AGENT: Final = "grok-4.20-multi-agent-0309"
GROK_BUILD_0_1: Final = "grok-build-0.1"

GROK_IMAGINE_IMAGE_2_0: Final = "grok-imagine-image-2.0"
GROK_IMAGINE_IMAGE: Final = "grok-imagine-image"
GROK_IMAGINE_VIDEO_1_5: Final = "grok-imagine-video-1.5"
GROK_IMAGINE_VIDEO_1_5_LITE: Final = "grok-imagine-video-1.5-lite"
GROK_IMAGINE_VIDEO: Final = "grok-imagine-video"

GROK_VOICE_3_0: Final = "grok-voice-3.0"
GROK_VOICE_2_0: Final = "grok-voice-2.0"
GROK_VOICE_TRANSCRIBE_2_0: Final = "grok-voice-transcribe-2.0"

KnownModelName = Literal[
    "grok-4.7",
    "grok-4.6",
    "grok-4.5",
    "grok-4.3",
    "grok-4.20-0309-reasoning",
    "grok-4.20-0309-non-reasoning",
    "grok-4.20-multi-agent-0309",
    "grok-build-0.1",
    "grok-imagine-image-2.0",
    "grok-imagine-image",
    "grok-imagine-video-1.5",
    "grok-imagine-video-1.5-lite",
    "grok-imagine-video",
    "grok-voice-3.0",
    "grok-voice-2.0",
    "grok-voice-transcribe-2.0",
]

ModelName = KnownModelName | str
"""Any name may be asked for: editors complete the known ones, and a new one needs no new release."""
