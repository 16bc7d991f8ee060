"""The notice: silent when the answer comes from what was asked for, plain when it does not."""

import subprocess
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.models import KNOWN, ModelRedirected, lookup, notice, warn_once

names = st.sampled_from([name for model in KNOWN for name in (model.id, *model.aliases)])


@pytest.fixture(autouse=True)
def nothing_told_yet(monkeypatch):
    monkeypatch.setattr(sys.modules["grokkit.models.notice"], "_told", {})


class TestSilence:
    @pytest.mark.parametrize(
        ("asked", "served"),
        [
            ("grok-4.7", "grok-4.7"),
            ("GROK-4.7", "grok-4.7"),
            ("grok-4.7", "grok-4.7-0915"),
            ("grok-4.7-latest", "grok-4.7"),
            ("grok-4.20", "grok-4.20-0309-reasoning"),
            ("grok-4.20-beta-latest-reasoning", "grok-4.20-0309-reasoning"),
            ("grok-4.20-multi-agent", "grok-4.20-multi-agent-0309"),
            ("grok-voice-latest", "grok-voice-3.0"),
        ],
    )
    def test_what_the_name_stands_for_needs_no_word(self, asked, served):
        assert notice(asked, served) is None

    @pytest.mark.parametrize(
        ("asked", "served"),
        [
            ("my-own.gguf", "grok-4.7"),
            ("my-own.gguf", "grok-3"),
            ("", "grok-4.3"),
            ("grok-latest", "grok-4.6"),
            ("grok-4.7", "my-own.gguf"),
            ("grok-4.7", ""),
        ],
    )
    def test_without_knowing_both_nothing_is_said(self, asked, served):
        assert notice(asked, served) is None

    @given(st.text(), names | st.text())
    def test_a_name_nobody_knows_never_warns(self, asked, served):
        if lookup(asked) is None:
            assert notice(asked, served) is None


class TestRetired:
    def test_it_names_both_models_their_prices_the_day_and_what_to_write(self):
        text = notice("grok-4", "grok-4.3")

        assert text is not None
        assert "grok-4 has been retired since 2026-05-15" in text
        assert "served by grok-4.3" in text
        assert "grok-4-0709 3.00 / 0.75 / 15.00" in text
        assert "grok-4.3 1.25 / 0.20 / 2.50" in text
        assert 'model="grok-4.3" with reasoning effort "low"' in text

    def test_what_is_written_instead_of_a_model_without_reasoning_does_not_reason_either(self):
        text = notice("grok-4-fast-non-reasoning", "grok-4.3")

        assert text is not None
        assert 'Write model="grok-4.3" with reasoning effort "none" instead.' in text

    def test_the_model_that_served_is_the_one_to_write(self):
        text = notice("grok-3", "grok-4.7")

        assert text is not None
        assert text.endswith('Write model="grok-4.7" instead.')

    def test_a_server_that_still_has_the_old_model_is_told_of_too(self):
        text = notice("grok-3-fast", "grok-3")

        assert text is not None
        assert "may stop working" in text
        assert "USD" not in text

    @pytest.mark.parametrize("served", ["", "somebody-elses-model"])
    def test_an_unknown_answerer_does_not_hide_the_retirement(self, served):
        text = notice("grok-code-fast-1", served)

        assert text is not None
        assert served in text
        assert 'model="grok-build-0.1"' in text

    def test_images_are_compared_by_the_image(self):
        text = notice("grok-imagine-image-quality", "grok-imagine-image-2.0")

        assert text is not None
        assert "0.05 to 0.07 USD per image" in text
        assert "0.04 to 0.08 USD per image" in text
        assert 'with quality "low"' in text

    def test_a_chain_of_retirements_ends_at_a_model_in_service(self):
        text = notice("grok-imagine-image-pro", "grok-imagine-image-quality")

        assert text is not None
        assert 'model="grok-imagine-image-2.0"' in text

    def test_without_a_successor_the_list_of_models_is_the_advice(self):
        text = notice("grok-2", "grok-2-1212")

        assert text is not None
        assert "list of models" in text


class TestRedirected:
    def test_another_model_than_asked_is_told_with_both_prices(self):
        text = notice("grok-4.7", "grok-4.3")

        assert text is not None
        assert text.startswith("grok-4.7 was asked for, but this call was served by grok-4.3")
        assert "grok-4.7 2.00 / 0.50 / 6.00" in text
        assert "grok-4.3 1.25 / 0.20 / 2.50" in text
        assert 'model="grok-4.3"' in text

    def test_equal_prices_are_not_repeated(self):
        text = notice("grok-4.7", "grok-4.6")

        assert text is not None
        assert "USD" not in text

    def test_reasoning_and_non_reasoning_are_two_models(self):
        assert notice("grok-4.20", "grok-4.20-0309-non-reasoning") is not None

    @given(names, names)
    def test_a_text_names_both_models(self, asked, served):
        text = notice(asked, served)

        if text is None:
            assert lookup(asked) is lookup(served)
        else:
            assert asked in text
            assert served in text or lookup(asked) is lookup(served)


class TestWarning:
    def test_a_pair_is_told_once(self):
        with warnings.catch_warnings(record=True, action="always") as caught:
            for asked in ("grok-3", "grok-3-fast", "grok-3"):
                warn_once(asked, "grok-4.3")

        assert [warning.category for warning in caught] == [ModelRedirected]

    def test_another_pair_is_told_again(self):
        with warnings.catch_warnings(record=True, action="always") as caught:
            warn_once("grok-3", "grok-4.3")
            warn_once("grok-3", "grok-4.7")
            warn_once("grok-4.7", "grok-4.3")

        assert len(caught) == 3

    def test_nothing_to_say_is_no_warning(self):
        warn_once("grok-4.7", "grok-4.7")
        warn_once("my-own.gguf", "my-own.gguf")

    def test_the_warning_points_at_who_called(self):
        with pytest.warns(ModelRedirected) as caught:
            warn_once("grok-3", "grok-4.3")

        assert caught[0].filename == __file__

    def test_whoever_turned_warnings_into_errors_hears_it_once(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error", ModelRedirected)
            with pytest.raises(ModelRedirected):
                warn_once("grok-3", "grok-4.3")
            warn_once("grok-3", "grok-4.3")

    def test_many_threads_tell_it_once(self):
        script = (
            "import threading, warnings, sys\n"
            "from grokkit.models import warn_once\n"
            "warnings.simplefilter('always')\n"
            "sys.setswitchinterval(1e-6)\n"
            "gate = threading.Barrier(16)\n"
            "def ask():\n"
            "    gate.wait()\n"
            "    warn_once('grok-3', 'grok-4.3')\n"
            "threads = [threading.Thread(target=ask) for _ in range(16)]\n"
            "[t.start() for t in threads]; [t.join() for t in threads]\n"
        )

        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

        assert done.stderr.count("ModelRedirected") == 1
