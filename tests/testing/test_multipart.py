"""The parts of a form, as a server would read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.multipart import read_parts


def form(parts, boundary="bound"):
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary.encode(), name.encode(), content)
        for name, content in parts
    )
    return body + b"--%s--\r\n" % boundary.encode()


@given(
    st.lists(st.tuples(st.text("abc_", min_size=1), st.binary(max_size=50).filter(lambda part: b"--bound" not in part)))
)
def test_every_part_is_read_with_its_bytes(parts):
    found = read_parts(form(parts), 'multipart/form-data; boundary="bound"')

    assert [(part.name, part.content) for part in found] == parts


def test_names_of_files_and_types_are_read():
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\n'
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n--b--\r\n"
    )

    (part,) = read_parts(body, "multipart/form-data; boundary=b")

    assert (part.name, part.filename, part.content_type) == ("file", "a b.txt", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{}", "application/json"), (b"", ""), (b"--b\r\n", "multipart/form-data; boundary=b"), (b"x", "multipart/x")],
)
def test_what_is_no_form_is_refused(body, kind):
    with pytest.raises(ValueError, match="multipart"):
        read_parts(body, kind)
