"""What `make demo` runs: a real model on this machine, streamed through the whole pipeline. No key, no network."""

import asyncio
import subprocess
import sys
import time

from grokkit import Answer, AsyncGrok, Grok

QUESTION = "Give three tips for writing clear code."
# Temperature 0 makes the model's answer the same each time, so that the two faces can be compared.
OPTIONS = {"max_output_tokens": 96, "temperature": 0}


def blocking() -> Answer:
    """Stream to the terminal with `Grok`."""
    with Grok.local() as grok, grok.stream(QUESTION, **OPTIONS) as stream:
        for text in stream.text():
            print(text, end="", flush=True)
    print()
    return stream.result


async def asynchronous() -> Answer:
    """The same with `AsyncGrok`."""
    async with AsyncGrok.local() as grok, grok.stream(QUESTION, **OPTIONS) as stream:
        return await stream.done()


def heading(text: str) -> None:
    """A line between the parts."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def main() -> None:
    """Run the three parts and tell what they took."""
    heading(f"Grok.local().stream({QUESTION!r})")
    started = time.perf_counter()
    answer = blocking()
    seconds = time.perf_counter() - started
    usage = answer.usage
    print(
        f"\n{usage.input_tokens} tokens in, {usage.output_tokens} out, {seconds:.1f} s with the engine's start:"
        f" {usage.output_tokens / seconds:.0f} tokens/s from {answer.model}"
    )

    heading("AsyncGrok.local(), the same question")
    same = asyncio.run(asynchronous()).text == answer.text
    print("the same answer" if same else "another answer, which should not happen at temperature 0")

    heading("grokkit chat --local, on the command line")
    subprocess.run([sys.executable, "-m", "grokkit", "chat", "--local", "-v", "Say hello to a new user."], check=True)


if __name__ == "__main__":
    main()
