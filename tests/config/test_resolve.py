"""Argument, environment, project file, user file, default: who wins, and what is said about it."""

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.config import NOT_GIVEN, Config, KeyExposed, Secret, Timeouts, format_explanation, resolve
from grokkit.errors import ConfigInvalid, ExtraMissing

KEY = "xai-0123456789abcdefghij"


class Place:
    """A home directory with a project in it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = self.home / "work" / "project"
        self.user = self.home / ".config" / "grokkit"
        self.project.mkdir(parents=True)
        self.user.mkdir(parents=True)

    def write(self, text: str, name: str = "grokkit.toml", *, user: bool = False) -> Path:
        path = (self.user if user else self.project) / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def resolve(self, environ: dict[str, str] | None = None, **arguments: object) -> Config:
        return resolve(arguments, environ=environ or {}, cwd=self.project, home=self.home)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def source(config: Config, name: str) -> str:
    return next(setting.source for setting in config.explain() if setting.name == name)


def test_says_where_each_value_is_from_and_what_it_overrode(place: Place) -> None:
    project = place.write('model = "project"\n\n[profiles.work]\nmodel = "work"\n')
    user = place.write("model: user\n", "config.yaml", user=True)

    config = place.resolve({"GROKKIT_MODEL": "environment"}, model="argument", profile="work")
    setting = next(setting for setting in config.explain() if setting.name == "model")

    assert (setting.value, setting.source) == ("argument", "argument")
    assert [(origin.value, origin.source) for origin in setting.overrode] == [
        ("environment", "environment GROKKIT_MODEL"),
        ("work", f"{project}:4 [profiles.work]"),
        ("project", f"{project}:1"),
        ("user", f"{user}:1"),
    ]


SOURCES = ("argument", "environment", "project profile", "project", "user profile", "user")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(["a", "b", "c"]),
    "max_connections": st.integers(1, 5),
    "store": st.booleans(),
    "timeout.total": st.integers(1, 5),
    "timeout.idle": st.integers(1, 5),
    "headers.x-a": st.sampled_from(["1", "2"]),
    "headers.x-b": st.sampled_from(["1", "2"]),
}
assignments = st.fixed_dictionaries(
    {}, optional={source: st.fixed_dictionaries({}, optional=VALUES) for source in SOURCES}
)


def nested(values: dict[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for path, value in values.items():
        name, _, part = path.partition(".")
        if part:
            table.setdefault(name, {})[part] = value
        else:
            table[name] = value
    return table


def as_toml(values: dict[str, Any], prefix: str = "") -> str:
    def literal(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else repr(value)

    return "".join(f"{prefix}{path} = {literal(value)}\n" for path, value in values.items())


def as_environ(values: dict[str, Any]) -> dict[str, str]:
    headers = "\n".join(f"{path[8:]}: {value}" for path, value in values.items() if path.startswith("headers."))
    variables = {
        f"GROKKIT_{path.replace('.', '_').upper()}": str(value)
        for path, value in values.items()
        if not path.startswith("headers.")
    }
    return variables | {"GROKKIT_HEADERS": headers}


def value_at(config: Config, path: str) -> object:
    name, _, part = path.partition(".")
    held = getattr(config, name)
    if name == "headers":
        return held.get(part)
    return getattr(held, part) if part else held


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(assignments)
def test_the_first_source_that_says_something_wins(place: Place, said: dict[str, dict[str, Any]]) -> None:
    for file, user in (("project", False), ("user", True)):
        profile = "[profiles.p]\n" + as_toml(said.get(f"{file} profile", {}))
        name = "config.toml" if user else "grokkit.toml"
        place.write(as_toml(said.get(file, {})) + profile, name, user=user)

    arguments = nested(said.get("argument", {}))
    config = place.resolve(as_environ(said.get("environment", {})), profile="p", **arguments)

    for path in VALUES:
        winner = next((said[each][path] for each in SOURCES if path in said.get(each, {})), None)
        assert value_at(config, path) == (winner if winner is not None else value_at(Config(), path))


def test_the_key_comes_from_either_variable_and_ours_is_stronger(place: Place) -> None:
    other = KEY[::-1].replace("-", "")

    assert place.resolve({"XAI_API_KEY": KEY}).api_key == Secret(KEY)
    assert place.resolve({"XAI_API_KEY": KEY, "GROKKIT_API_KEY": other}).api_key == Secret(other)


def test_an_empty_variable_counts_as_not_set_and_a_blank_key_is_an_error(place: Place) -> None:
    assert place.resolve({"XAI_API_KEY": "", "GROKKIT_MODEL": ""}) == Config()
    with pytest.raises(ConfigInvalid, match="environment XAI_API_KEY: api_key is empty or blank"):
        place.resolve({"XAI_API_KEY": "  "})


def test_none_and_not_given_say_nothing_where_none_is_no_value(place: Place) -> None:
    config = place.resolve(
        {"XAI_API_KEY": KEY, "GROKKIT_PROXY": "http://proxy:1"},
        api_key=None,
        model=None,
        headers=None,
        base_url=NOT_GIVEN,
        proxy=None,
        timeout=None,
    )

    assert config.api_key == Secret(KEY)
    assert config.model == Config().model
    assert config.proxy is None
    assert config.timeout.total is None


def test_a_part_of_the_timeout_is_stronger_than_the_whole_in_the_environment(place: Place) -> None:
    config = place.resolve({"GROKKIT_TIMEOUT": "30", "GROKKIT_TIMEOUT_TOTAL": "20", "GROKKIT_TIMEOUT_IDLE": "none"})

    assert config.timeout == Timeouts(total=20, idle=None)


def test_none_in_a_file_takes_back_what_a_weaker_source_says(place: Place) -> None:
    place.write('proxy = "none"\n[timeout]\ntotal = "none"\n')
    place.write('proxy = "http://proxy:1"\ntimeout = 5\n', "config.toml", user=True)

    config = place.resolve()

    assert config.proxy is None
    assert config.timeout.total is None


def test_headers_from_the_environment_are_lines(place: Place) -> None:
    config = place.resolve({"GROKKIT_HEADERS": "X-Team: search\nx-url: http://a:1\n"})

    assert config.headers == {"x-team": "search", "x-url": "http://a:1"}
    with pytest.raises(ConfigInvalid, match="headers takes a table of names and values"):
        place.resolve({"GROKKIT_HEADERS": "nonsense"})


def test_a_misspelt_variable_is_an_error_and_a_foreign_one_is_not(place: Place) -> None:
    with pytest.raises(ConfigInvalid, match="environment GROKKIT_MODLE") as caught:
        place.resolve({"GROKKIT_MODLE": "grok-4"})

    assert caught.value.hint == "did you mean GROKKIT_MODEL?"
    foreign = dict.fromkeys(("GROKKIT_HOME_OF_WEIGHTS", "GROKKIT_CACHE", "GROKKIT_LOCAL_URL", "MODEL", "RETRY"), "x")
    assert place.resolve(foreign) == Config()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("RETRY", "did you mean GROKKIT_RETRIES?"),
        ("RETRYS", "did you mean GROKKIT_RETRIES?"),
        ("MAX_RETRIES", "did you mean GROKKIT_RETRIES_MAX?"),
        ("RETRY_MAX", "did you mean GROKKIT_RETRIES_MAX?"),
        ("RETRIES_MAXIMUM", "did you mean GROKKIT_RETRIES_MAX?"),
        ("TIMEOUTS", "did you mean GROKKIT_TIMEOUT?"),
        ("RATE_LIMITS", "did you mean GROKKIT_RATE_LIMIT?"),
        ("CIRCUIT_BREAKER", "the parts of circuit are failure_rate, slow_rate, "),
        ("RATE_LIMIT_RPM", "the parts of rate_limit are mode, requests_per_second, "),
        ("TIMEOUT_SECONDS", "the parts of timeout are total, connect, first_event, idle, wire"),
    ],
)
def test_a_variable_that_is_almost_ours_is_an_error_with_the_right_name(place: Place, name: str, hint: str) -> None:
    with pytest.raises(ConfigInvalid, match=f"environment GROKKIT_{name}: there is no such variable") as caught:
        place.resolve({f"GROKKIT_{name}": "3"})

    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("name", ["grokkit.toml", "grokkit.yaml", "grokkit.yml", "pyproject.toml"])
def test_finds_the_project_file_from_a_directory_below(place: Place, name: str) -> None:
    text = {"grokkit.toml": 'model = "m"\n', "pyproject.toml": '[tool.grokkit]\nmodel = "m"\n'}
    path = place.write(text.get(name, "model: m\n"), name)
    below = place.project / "src" / "deep"
    below.mkdir(parents=True)

    config = resolve({}, environ={}, cwd=below, home=place.home)

    line = 2 if name == "pyproject.toml" else 1
    assert config.model == "m"
    assert source(config, "model") == f"{path}:{line}"


def test_a_pyproject_without_our_table_is_not_a_config_file(place: Place) -> None:
    place.write('[project]\ndependencies = ["grokkit"]\n', "pyproject.toml")
    (place.project.parent / "grokkit.toml").write_text('model = "above"\n')

    assert place.resolve().model == "above"


@pytest.mark.parametrize("border", [".git", "home"])
def test_looks_no_higher_than_the_repository_or_the_home_directory(place: Place, border: str) -> None:
    (place.home.parent / "grokkit.toml").write_text('model = "outside"\n')
    if border == ".git":
        (place.project / ".git").mkdir()
        (place.project.parent / "grokkit.toml").write_text('model = "outside"\n')

    assert place.resolve().model == Config().model


def test_the_user_file_may_be_elsewhere(place: Place, tmp_path: Path) -> None:
    directory = tmp_path / "xdg" / "grokkit"
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text('model = "xdg"\n')

    assert place.resolve({"XDG_CONFIG_HOME": str(tmp_path / "xdg")}).model == "xdg"
    assert place.resolve({"XDG_CONFIG_HOME": "relative"}).model == Config().model


def test_one_file_may_be_named_or_none_at_all(place: Place, tmp_path: Path) -> None:
    place.write('model = "project"\n')
    place.write("store = true\n", "config.toml", user=True)
    named = tmp_path / "named.toml"
    named.write_text('model = "named"\n')

    assert place.resolve({"GROKKIT_CONFIG": "none"}) == Config()
    assert place.resolve({"GROKKIT_CONFIG": str(named)}) == Config(model="named")
    assert place.resolve({"GROKKIT_CONFIG": "../../../named.toml"}) == Config(model="named")
    assert resolve({}, environ={}, cwd=place.project, home=place.home, files=False) == Config()
    assert resolve({}, environ={}, cwd=tmp_path, home=place.home, files=Path("named.toml")).model == "named"


def test_a_path_in_a_file_starts_at_that_file(place: Place) -> None:
    place.write('ca_file = "certs/ca.pem"\n')
    (place.project / "certs").mkdir()
    (place.project / "certs" / "ca.pem").touch()

    config = resolve({}, environ={}, cwd=place.project / "certs", home=place.home)

    assert config.ca_file == place.project / "certs" / "ca.pem"


def test_a_file_that_is_named_and_missing_is_an_error_with_its_source(place: Place) -> None:
    path = place.write('# ours\nca_file = "ca.pem"\n')

    with pytest.raises(ConfigInvalid, match="there is no such file") as caught:
        place.resolve()

    assert str(caught.value).startswith(f"{path}:2: ca_file is {place.project / 'ca.pem'}")


def test_a_profile_is_chosen_by_argument_environment_or_file(place: Place) -> None:
    place.write('profile = "a"\n[profiles.a]\nmodel = "A"\n[profiles.b]\nmodel = "B"\n[profiles.c]\nmodel = "C"\n')

    assert place.resolve().model == "A"
    assert place.resolve({"GROKKIT_PROFILE": "b"}).model == "B"
    assert place.resolve({"GROKKIT_PROFILE": "b"}, profile="c").model == "C"
    assert place.resolve(profile="c").profile == "c"
    assert place.resolve({"GROKKIT_PROFILE": "none"}).model == Config().model


def test_an_unknown_profile_is_an_error_that_lists_the_known_ones(place: Place) -> None:
    place.write("[profiles.work]\n[profiles.home]\n")

    with pytest.raises(ConfigInvalid, match="argument: there is no profile 'wrok'") as caught:
        place.resolve(profile="wrok")

    assert caught.value.hint == "there are home, work"
    with pytest.raises(ConfigInvalid, match="environment GROKKIT_PROFILE"):
        resolve({}, environ={"GROKKIT_PROFILE": "work"}, files=False)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('modle = "x"', ":1: grokkit has no setting 'modle'", "did you mean model?"),
        ('base-url = "x"', ":1: grokkit has no setting 'base-url'", "did you mean base_url?"),
        ("\n[timeout]\n\ntotl = 5", ":4: timeout has no setting 'totl'", "did you mean total?"),
        ("timeout = { idel = 5 }", ":1: timeout has no setting 'idel'", "did you mean idle?"),
        ("[profiles.work]\nzzz = 1", ":2 [profiles.work]: grokkit has no setting 'zzz'", "there are api_key, "),
        ("# a\nmax_connections = 'many'", ":2: max_connections takes a whole number above 0; found the text", ""),
        ("timeout = []", ":1: timeout.total takes a number of seconds above 0, or none for no limit; found a", ""),
        ("store = 1", ":1: store takes true or false; found the number 1", ""),
        ("[model]\na = 1", ":1: model takes a name without spaces; found a table", ""),
        ("model = 2026-01-01", ":1: model takes a name without spaces; found a date", ""),
        ("profiles = 3", ":1: profiles takes tables; found the number 3", ""),
        ("[profiles]\nwork = 3", ":2 [profiles.work]: profiles.work takes a table", ""),
        ('[profiles.work]\nprofile = "x"', ":2 [profiles.work]: a profile cannot choose", "top level"),
        ("model = ", ":1: is not TOML", "correct the file"),
        ("a = 1\n[oops\n", ":2: is not TOML", "correct the file"),
        ('a = "', "is not TOML", ""),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(place: Place, text: str, message: str, hint: str) -> None:
    path = place.write(text)

    with pytest.raises(ConfigInvalid) as caught:
        place.resolve()

    assert str(caught.value).startswith(f"{path}{message}" if message[0] == ":" else str(path))
    assert message in str(caught.value)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [", "is not YAML"),
        ("a: b: c", ":1: is not YAML"),
        ("- a", ":1: is a table of settings; found a list"),
        ("model: a\nstore: no\nmodel: b", ":3: has 'model' a second time, after line 1"),
        ("timeout:\n  total: 5\n  idel: 6", ":3: timeout has no setting 'idel'"),
        ("1: 2", ":1: names of settings are texts; found the number 1"),
        ("model: !!python/object/apply:os.getcwd []", ":1: is not YAML"),
        ("model: a\n---\nmodel: b", "is not YAML"),
        ("model: \x07", "is not YAML"),
        ("model:", ":1: model takes a name without spaces; found null"),
    ],
)
def test_a_mistake_in_a_yaml_file_is_named_with_its_line(place: Place, text: str, message: str) -> None:
    path = place.write(text, "grokkit.yaml")

    with pytest.raises(ConfigInvalid) as caught:
        place.resolve()

    assert str(caught.value).startswith(str(path))
    assert message.replace("null", "none") in str(caught.value)


def test_an_empty_file_says_nothing(place: Place) -> None:
    place.write("# nothing yet\n", "grokkit.yaml")
    place.write("\ufeff\r\n", "config.toml", user=True)

    assert place.resolve() == Config()


def test_two_files_in_one_directory_are_an_error(place: Place) -> None:
    place.write("", "grokkit.yaml")
    place.write("[tool.grokkit]\n", "pyproject.toml")

    with pytest.raises(ConfigInvalid, match=r"two config files, grokkit\.yaml and pyproject\.toml"):
        place.resolve()


def test_a_file_that_cannot_be_read_is_an_error(place: Place, tmp_path: Path) -> None:
    (place.project / "grokkit.toml").mkdir()
    fifo = tmp_path / "pipe.toml"
    os.mkfifo(fifo)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# ok\nmodel = '\xe9'\n")

    for name, message in [
        (place.project / "grokkit.toml", "is a directory"),
        (tmp_path / "none.toml", "does not exist"),
        (fifo, "is no regular file"),
        (latin, ":2: is not UTF-8"),
        (tmp_path / "config.json", "is called .toml, .yaml or .yml"),
    ]:
        with pytest.raises(ConfigInvalid, match=message):
            place.resolve({"GROKKIT_CONFIG": str(name)})
    with pytest.raises(ConfigInvalid, match="is a directory"):
        place.resolve()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_an_error(place: Place) -> None:
    place.write("").chmod(0)

    with pytest.raises(ConfigInvalid, match="cannot be read: Permission denied"):
        place.resolve()


def test_a_yaml_file_without_pyyaml_names_the_extra(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("model: m\n", "grokkit.yaml")
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(ExtraMissing, match="PyYAML is not installed") as caught:
        place.resolve()

    assert caught.value.extra == "yaml"


def test_a_file_with_a_key_that_everybody_can_read_is_warned_of(place: Place) -> None:
    path = place.write(f'[profiles.work]\napi_key = "{KEY}"\n')
    assert place.resolve(profile="work").api_key == Secret(KEY)
    path.chmod(0o644)

    with pytest.warns(KeyExposed, match="chmod 600") as caught:
        place.resolve()

    assert KEY not in str(caught[0].message)


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "{key}"\nmodle = "x"',
        'base_url = "{key}"',
        'model = "a {key}"',
        'store = "{key}"',
        'timeout = "{key}"',
        'headers = "{key}"',
        "{key} = 1",
        '"{key}" = 1',
        "[timeout]\n{key} = 1",
        "[profiles.{key}]\nmodle = 1",
        'api_key = "{key}',
        "api_key = {key}",
        '[[profiles]]\na = "{key}"',
        'proxy = "http://me:{key}@proxy/path"',
    ],
)
@pytest.mark.parametrize("key", [KEY, "sk-0123456789abcdefghij", "0a1b2c3d4e5f6a7b8c9d0e1f2a3b"])
def test_a_key_in_a_broken_file_is_in_no_part_of_the_error(place: Place, text: str, key: str) -> None:
    place.write(text.format(key=key))

    with pytest.raises(ConfigInvalid) as caught:
        place.resolve({"XAI_API_KEY": key})
    error, named_by_a_key = caught.value, any(name in text for name in ("{key} =", '{key}" =', "{key}]"))
    report = traceback.TracebackException.from_exception(error, capture_locals=True)

    assert key not in f"{error} {error!r} {error.hint} {error.param}"
    if not named_by_a_key:
        assert key not in ours_of("".join(report.format(chain=True)))


def test_a_key_that_is_wrong_is_in_no_frame_of_ours(place: Place) -> None:
    broken = f"{KEY} "
    for environ, arguments in [({"XAI_API_KEY": broken}, {}), ({}, {"api_key": broken})]:
        with pytest.raises(ConfigInvalid) as caught:
            place.resolve(environ, **arguments)
        report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)

        assert KEY not in ours_of("".join(report.format(chain=True)))


def ours_of(report: str) -> str:
    """The part of a traceback with locals that is about grokkit's own frames."""
    _, mark, ours = report.partition("/src/grokkit/")
    return mark + ours


def test_import_reads_nothing_and_loads_no_parser() -> None:
    program = (
        "import sys, os; before = dict(os.environ); import grokkit.config;"
        "late = {'tomllib', 'yaml', 'difflib', 'aiohttp', 'hmac'} & set(sys.modules);"
        "assert not late, late; assert dict(os.environ) == before"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_resolving_leaves_the_environment_alone(place: Place) -> None:
    before = dict(os.environ)

    resolve({"api_key": KEY}, cwd=place.project, home=place.home)

    assert dict(os.environ) == before


def test_the_explanation_is_an_aligned_table_without_secrets(place: Place) -> None:
    place.write('headers = { authorization = "Basic abc", x-team = "search" }\n')
    config = place.resolve({"XAI_API_KEY": KEY, "GROKKIT_MODEL": "m"}, model="n")

    lines = format_explanation(config.explain()).splitlines()

    assert lines[0].split() == ["SETTING", "VALUE", "SOURCE", "OVERRODE"]
    assert lines[1].split() == ["api_key", "xai-...ij", "environment", "XAI_API_KEY"]
    assert any(line.startswith("headers.authorization") and "***" in line for line in lines)
    assert any(line.startswith("headers.x-team") and "search" in line for line in lines)
    assert any(line.endswith("m from environment GROKKIT_MODEL") for line in lines)
    assert KEY not in "\n".join(lines)
