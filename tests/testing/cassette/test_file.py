"""The file of a cassette: written whole or not at all, and read with errors that say where."""

import json
import subprocess
import sys

import pytest

from grokkit.call import Call
from grokkit.errors import GrokError
from grokkit.testing import MockTransport, json_reply
from grokkit.testing.cassette import Cassette, CassetteBroken, CassetteUnwritable

ASKED = Call(method="POST", base_url="https://api.x.ai/v1", path="/batches", operation="test", id="c", body={"a": 1})
GOOD = {
    "grokkit_cassette": 1,
    "interactions": [{"request": {"method": "POST", "url": "u"}, "response": {"status": 200}}],
}


def without(*steps):
    document = json.loads(json.dumps(GOOD))
    target = document
    for step in steps[:-1]:
        target = target[step]
    del target[steps[-1]]
    return json.dumps(document)


def with_response(response):
    return json.dumps({**GOOD, "interactions": [{"request": {"method": "GET", "url": "u"}, "response": response}]})


BROKEN = [
    ('{\n  "grokkit_cassette": 1,\n  oops\n}', "line 3, column 3"),
    ("", "line 1"),
    ("[]", "Expected `object`"),
    ("{}", "grokkit_cassette"),
    (without("interactions"), "interactions"),
    (without("interactions", 0, "request", "method"), "field `method` - at `interactions[0].request`"),
    (without("interactions", 0, "response", "status"), "line 1 and what follows"),
    (with_response({"status": 200, "body": {"base64": "%"}}), "at `interactions[0].response`"),
    (with_response({"status": 200, "events": [{"at": 0, "base64": "abc"}]}), "at `interactions[0].response`"),
    (with_response({"status": 200, "events": [{"at": 0, "line": 5}]}), "Expected `str`, got `int`"),
    (json.dumps({**GOOD, "grokkit_cassette": 2}), "version is 2"),
    (b"\xff\xfe", "no UTF-8 text, from byte 0"),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("content", "where"), BROKEN, ids=[where for _, where in BROKEN])
def test_a_broken_file_is_told_with_the_place(tmp_path, content, where):
    path = tmp_path / "test.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(CassetteBroken) as raised:
        Cassette(path)

    assert where in str(raised.value)
    assert str(path) in str(raised.value)
    assert "record again" in str(raised.value)


def test_a_directory_in_the_place_of_the_file_is_told(tmp_path):
    with pytest.raises(CassetteBroken, match="cannot be read"):
        Cassette(tmp_path)


@pytest.mark.parametrize("where", ["a-file/test.json", "/proc/none/test.json"])
async def test_a_path_that_cannot_be_written_is_told_before_a_call_is_made(tmp_path, where):
    (tmp_path / "a-file").write_text("x")
    real = MockTransport(lambda _: json_reply({}))

    with pytest.raises(CassetteUnwritable, match="cannot be written"):
        await Cassette(tmp_path / where, transport=real).send(ASKED)

    assert real.calls == []


async def record(path, mode="all", answer="x"):
    reply = await Cassette(path, mode, transport=MockTransport(lambda _: json_reply({"a": answer}))).send(ASKED)
    await reply.read(1_000_000)


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from grokkit.call import Call
from grokkit.testing import MockTransport, json_reply
from grokkit.testing.cassette import Cassette, CassetteUnwritable

asked = Call(method="POST", base_url="https://api.x.ai/v1", path="/batches", operation="test", id="c", body={"a": 1})

async def main():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    real = MockTransport(lambda _: json_reply({"a": "x" * 9000}))
    reply = await Cassette(sys.argv[1], "all", transport=real).send(asked)
    try:
        await reply.read(1_000_000)
    except CassetteUnwritable as error:
        print(error)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are a matter of POSIX")
async def test_a_write_that_fails_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "test.json"
    await record(path)
    before = path.read_bytes()

    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)

    assert done.stdout.startswith(f"the cassette {path} cannot be written: File too large")
    assert "what was there before is still there" in done.stdout
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["test.json"]


async def test_nothing_is_left_beside_the_file(tmp_path):
    await record(tmp_path / "test.json")

    assert [file.name for file in tmp_path.iterdir()] == ["test.json"]


async def test_errors_of_a_cassette_are_not_taken_for_errors_of_the_server(tmp_path):
    assert not issubclass(CassetteUnwritable, GrokError | OSError)
