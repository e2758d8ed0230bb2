"""The schedule kit does what it says: its units, its cron line and its CI steps are run as they stand in docs/schedule."""

import ipaddress
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import pressmark as front_door
from crawler import logs
from crawler.addresses import is_public
from crawler.config import CrawlConfig
from crawler.corpus import Corpus
from crawler.worker import MEMORY_LIMIT_BYTES
from tests.conftest import ROOT, reports
from tests.newspaper.serve import Newspaper

KIT = ROOT / "docs" / "schedule"
HOME = "/srv/pressmark"
"""Where the kit expects Pressmark."""
UNITS = ("pressmark.service", "pressmark.timer", "pressmark-failed.service")
LONGEST_STOP_SECONDS = 10
BARE = {"HOME": "/", "LOGNAME": "pressmark", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
"""What cron gives a command, and little less than what systemd does."""
SECONDS = {"s": 1, "min": 60, "h": 3600}
BYTES = {"M": 1024**2, "G": 1024**3}
GROUPS = {  # systemd.resource-control(5)
    "localhost": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/64"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}


@dataclass(frozen=True)
class Machine:
    """A folder that stands for /srv/pressmark, with a command that knows the newspaper."""

    folder: Path
    newspaper: Newspaper

    def here(self, text: str) -> str:
        return text.replace(HOME, str(self.folder))

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def command(self) -> Path:
        return self.folder / ".venv" / "bin" / "pressmark"

    def replace_command(self, script: str) -> None:
        self.command.unlink(missing_ok=True)
        self.command.write_text(f"#!/bin/sh\n{script}\n")
        self.command.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, newspaper: Newspaper) -> Machine:
    """A machine on which Pressmark is set up to keep three more articles of the first paper with every run."""
    made = Machine(tmp_path / "srv", newspaper)
    made.command.parent.mkdir(parents=True)
    made.archive.mkdir()
    (made.folder / "pressmark.toml").write_text(f'[[site]]\nstart = "{newspaper.url}"\n')
    program = shlex.join([sys.executable, str(ROOT / "pressmark.py")])
    made.replace_command(f'exec {program} "$@" --allow-host {newspaper.hosts[0]} --delay 0 --limit 3')
    return made


def unit(name: str) -> dict[str, list[str]]:
    """Return the settings of a unit file, each with its values in order."""
    settings: dict[str, list[str]] = {}
    for line in (KIT / name).read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


def amount(value: str, units: Mapping[str, int]) -> int:
    number, name = re.fullmatch(r"(\d+)(\w+)", value).groups()  # type: ignore[union-attr]
    return int(number) * units[name]


def exit_codes() -> dict[int, dict[str, str]]:
    """Return what the kit's README says of each exit code, by column."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (KIT / "README.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    [head] = [row for row in rows if row[0] == "code"]
    return {int(row[0]): dict(zip(head, row, strict=True)) for row in rows if row[0].isdigit()}


CODES = exit_codes()


def test_every_exit_code_is_explained() -> None:
    door = front_door
    known = {door.DONE, door.NO, door.USAGE, door.SITE_FAILED, door.DISK, door.BUSY, door.STOPPED}
    assert set(CODES) == known


def test_the_readme_names_commands_and_files_that_there_are() -> None:
    text = (KIT / "README.md").read_text()
    commands = set(re.findall(r"(?:^|[/`])pressmark (\w+)", text, re.MULTILINE))
    assert commands >= {"update", "status"}
    assert commands <= set(front_door.main.commands)
    for name in re.findall(r"docs/schedule/([\w.*-]+)", text):
        assert list(KIT.glob(name)), name
    [megabytes] = re.findall(r"(\d+) MB at most", text)
    assert int(megabytes) * 1_000_000 == logs.MAX_LOG_BYTES * (logs.KEPT_LOGS + 1)


# systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(machine: Machine, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in UNITS]
    for path in paths:
        path.write_text(machine.here((KIT / path.name).read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    assert [
        line for line in done.stderr.splitlines() if "pressmark" in line
    ] == []  # a warning does not fail it
    assert done.returncode == 0, done.stderr


def test_a_run_that_is_well_is_no_failure_to_systemd() -> None:
    [well] = unit("pressmark.service")["SuccessExitStatus"]
    assert {code for code, says in CODES.items() if says["systemd"] == "well"} == {
        0, *(int(word) for word in well.split() if word.isdigit())
    }  # fmt: skip
    assert (
        "SIGTERM" in well.split()
    )  # a oneshot service is not let off for it otherwise; a build is ended by it


def test_the_limits_leave_room_for_a_run() -> None:
    service = unit("pressmark.service")
    [start], [stop], [memory] = service["TimeoutStartSec"], service["TimeoutStopSec"], service["MemoryMax"]
    assert amount(start, SECONDS) > 1.5 * 60 * CrawlConfig().max_minutes
    assert amount(stop, SECONDS) > LONGEST_STOP_SECONDS
    assert amount(memory, BYTES) > MEMORY_LIMIT_BYTES
    assert service["OOMPolicy"] == ["continue"]
    assert "KillSignal" not in service  # SIGTERM
    assert "MemoryDenyWriteExecute" not in service  # the TLS library makes callbacks at run time


def test_the_units_name_one_another() -> None:
    timer, service = unit("pressmark.timer"), unit("pressmark.service")
    assert "Unit" not in timer  # the service of the same name
    assert timer["Persistent"] == ["yes"]
    assert service["OnFailure"] == ["pressmark-failed.service"]
    assert service["Type"] == unit("pressmark-failed.service")["Type"] == ["oneshot"]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "ff02::1",
        "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:2800:21f:cb07::1",
    ],
)  # fmt: skip
def test_the_network_filter_is_of_one_mind_with_the_crawler(address: str) -> None:
    words = " ".join(unit("pressmark.service")["IPAddressDeny"]).split()
    networks = [ipaddress.ip_network(text) for word in words for text in GROUPS.get(word, (word,))]
    denied = any(ipaddress.ip_address(address) in network for network in networks)
    assert denied == (not is_public(address))


def test_the_name_servers_of_the_machine_are_let_through() -> None:
    [program] = re.findall(r"^awk '(.*)' /etc/resolv\.conf", (KIT / "README.md").read_text(), re.MULTILINE)
    resolv = b"# made by hand\nnameserver 10.0.0.53\nsearch example.org\nnameserver fe80::1%eth0\n"
    done = subprocess.run(["awk", program], input=resolv, capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [
        "[Service]", "IPAddressAllow=10.0.0.53", "IPAddressAllow=fe80::1"
    ]  # fmt: skip


def test_the_service_heeds_a_stop_in_time_and_writes_nowhere_but_to_the_archive(machine: Machine) -> None:
    service = unit("pressmark.service")
    before = outside_the_archive(machine)
    run = subprocess.Popen(
        shlex.split(machine.here(service["ExecStart"][0])), env=BARE, cwd="/", stderr=subprocess.DEVNULL
    )
    while not machine.newspaper.requests:
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGTERM)  # KillMode=mixed: to the main process alone
    code = run.wait(amount(service["TimeoutStopSec"][0], SECONDS))
    assert str(code) in service["SuccessExitStatus"][0].split()
    assert CODES[code]["systemd"] == "well"
    assert [report.finished for report in reports(machine.archive)] == ["stopped"]
    assert machine.here(service["ReadWritePaths"][0]) == str(machine.archive)
    assert outside_the_archive(machine) == before


def outside_the_archive(machine: Machine) -> set[Path]:
    return {path for path in machine.folder.rglob("*") if machine.archive not in path.parents}


def test_a_failure_is_mailed_with_the_last_words_of_the_run(tmp_path: Path) -> None:
    for name, script in {"journalctl": 'echo "it said: $*"', "mail": 'echo "$@"; cat'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    [command] = unit("pressmark-failed.service")["ExecStart"]
    assert set(re.findall("%.", command)) == {"%H"}
    done = subprocess.run(
        shlex.split(command.replace("%H", "host")),
        env=BARE | {"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.startswith("-s Pressmark on host failed root\nit said: --unit=pressmark.service ")


# cron


def cron(machine: Machine) -> subprocess.CompletedProcess[str]:
    """Run the crontab's one line as cron does: a bare environment, ``%`` an end of line unless escaped."""
    environment, commands = dict(BARE), []
    for line in (KIT / "crontab").read_text().splitlines():
        if setting := re.fullmatch(r"([A-Z_]+)=(.*)", line):
            environment[setting[1]] = setting[2].strip('"')
        elif line and line[0] != "#":
            *when, command = line.split(maxsplit=5)
            assert re.fullmatch(r"\d+", when[0]), "a minute of its own"
            commands.append(command)
    [command] = commands
    assert len(command) < 990  # cron has no more room
    command, *stdin = re.split(r"(?<!\\)%", machine.here(command), maxsplit=1)
    assert stdin == []
    return subprocess.run(
        [environment["SHELL"], "-c", command.replace(r"\%", "%")],
        env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_cron_line_keeps_the_site_and_is_silent(machine: Machine) -> None:
    done = cron(machine)
    assert (done.stdout, done.stderr) == ("", "")
    assert len(list(Corpus(machine.archive).scan())) == 3
    said = (machine.archive / "cron.log").read_text()
    assert "3 stored" in said
    assert "—" in said  # not mangled for want of a locale


@pytest.mark.parametrize("code", CODES)
def test_cron_hears_of_what_somebody_should_look_at(machine: Machine, code: int) -> None:
    machine.replace_command(f"seq 1000\necho 'went \\\\n badly' >&2\nexit {code}")
    for _ in range(2):
        done = cron(machine)
        assert done.stderr == ""
        if CODES[code]["cron"] == "silent":
            assert done.stdout == ""
        else:
            assert CODES[code]["cron"] == "mail"
            lines = done.stdout.splitlines()
            assert lines[-2:] == [r"went \n badly", f"exit code {code}"]
            assert len(lines) == 41
    assert (machine.archive / "cron.log").read_text().splitlines()[0] == "1"
    assert len((machine.archive / "cron.log").read_text().splitlines()) == 1001  # the last run alone


def test_cron_says_so_when_there_is_no_pressmark(machine: Machine) -> None:
    shutil.rmtree(machine.folder)
    assert str(machine.folder) in cron(machine).stderr


# CI


@dataclass(frozen=True)
class Runner:
    """A machine that CI lends for one run, with the repository checked out."""

    folder: Path
    command: Path

    @property
    def summary(self) -> Path:
        return self.folder.with_suffix(".summary")

    def run(self, step: str) -> subprocess.CompletedProcess[str]:
        """Run *step* as GitHub runs it for ``shell: bash``."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]],
            cwd=self.folder,
            env=git_environment()
            | {"PATH": f"{self.command.parent}:{BARE['PATH']}", "GITHUB_STEP_SUMMARY": str(self.summary)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip


def workflow() -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((KIT / "ci.yml").read_text())
    return loaded


STEPS: dict[str, Any] = {
    step.get("name", step.get("uses")): step for step in workflow()["jobs"]["update"]["steps"]
}


def git_environment() -> dict[str, str]:
    return BARE | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(*arguments: object, cwd: Path) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=git_environment(), capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def runners(machine: Machine, tmp_path: Path) -> Iterator[Runner]:
    """One lent machine after another, each with a fresh checkout of a repository that holds ``pressmark.toml``."""
    origin = tmp_path / "origin.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", origin, cwd=tmp_path)
    git("init", "--quiet", "--initial-branch=main", cwd=machine.folder)
    git("add", "pressmark.toml", cwd=machine.folder)
    git("commit", "--quiet", "--message=Begin", cwd=machine.folder)
    git("push", "--quiet", origin, "main", cwd=machine.folder)

    def lend() -> Iterator[Runner]:
        for number in range(9):
            folder = tmp_path / f"runner-{number}"
            git("clone", "--quiet", "--depth=1", f"file://{origin}", folder, cwd=tmp_path)
            yield Runner(folder, machine.command)

    return lend()


def test_the_workflow_is_scheduled_alone_and_may_write() -> None:
    loaded = workflow()
    assert loaded[True]["schedule"]  # YAML 1.1 takes the key `on` for true
    assert loaded["concurrency"]["cancel-in-progress"] is False
    assert loaded["permissions"] == {"contents": "write"}
    assert loaded["defaults"]["run"]["shell"] == "bash"
    assert loaded["jobs"]["update"]["timeout-minutes"] > 1.5 * CrawlConfig().max_minutes
    for word in re.findall(r"\S+\.txt", STEPS["Install Pressmark"]["run"]):
        assert (ROOT / word).exists()
    for step in ("Keep the archive", "actions/upload-artifact@v7"):
        assert STEPS[step]["if"].startswith("always()"), "what a failed run stored is kept too"


def test_the_archive_goes_from_one_lent_machine_to_the_next(
    machine: Machine, runners: Iterator[Runner]
) -> None:
    asked = []
    for runner in (next(runners), next(runners)):
        for step in ("Fetch the archive", "Update", "Keep the archive"):
            done = runner.run(step)
            assert done.returncode == 0, done.stdout
        assert (runner.folder / STEPS["actions/upload-artifact@v7"]["with"]["path"] / "index.html").exists()
        assert "3 stored" in runner.summary.read_text()
        assert " INFO " not in runner.summary.read_text()
        asked.append([request.path for request in machine.newspaper.requests])
        machine.newspaper.requests.clear()
    assert not set(asked[0]) & set(asked[1]), "the second machine did not know what the first had fetched"
    kept = kept_by(next(runners))
    assert sum(name.startswith("corpus/") for name in kept) == 6
    assert {name.split("/")[0] for name in kept} >= {"captures", "corpus", "links", "runs", "sites", "state"}
    assert not {name.split("/")[0] for name in kept} & {"build", "logs", "site"}
    assert not [name for name in kept if name.endswith(("-wal", "-shm"))]


@pytest.mark.parametrize("code", CODES)
def test_ci_shows_what_somebody_should_look_at(
    machine: Machine, runners: Iterator[Runner], code: int
) -> None:
    machine.replace_command(
        f'echo "2026-01-01T00:00:00Z INFO stored: x"\necho "what it came to"\nexit {code}'
    )
    runner = next(runners)
    done = runner.run("Update")
    shown = {"green": (0, None), "warning": (0, "::warning "), "red": (code, "::error ")}
    expected, note = shown[CODES[code]["CI"].partition(":")[0]]
    assert done.returncode == expected
    assert [line.partition(" ")[0] + " " for line in done.stdout.splitlines() if line.startswith("::")] == (
        [note] if note else []
    )
    assert runner.summary.read_text() == "```\nwhat it came to\n```\n"


def test_what_a_failed_run_stored_is_kept(machine: Machine, runners: Iterator[Runner]) -> None:
    machine.replace_command("mkdir -p kept/corpus kept/site\necho words > kept/corpus/a.md\nexit 74")
    runner = next(runners)
    codes = [runner.run(step).returncode for step in ("Fetch the archive", "Update", "Keep the archive")]
    assert codes == [0, 74, 0]
    assert kept_by(next(runners)) == ["corpus/a.md"]


def kept_by(runner: Runner) -> list[str]:
    """Return the files of the branch ``kept``, as *runner* is given it."""
    assert runner.run("Fetch the archive").returncode == 0
    return git("ls-files", cwd=runner.folder / "kept").splitlines()
