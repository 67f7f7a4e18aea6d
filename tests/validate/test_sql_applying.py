"""SQL is applied to a throw-away PostgreSQL: nothing gets out of it, nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psycopg
import pytest

from harness.stack import postgres
from harness.validate.engine import read
from harness.validate.estate import Settings
from harness.validate.sql.applied import Applied, Kind
from harness.validate.sql.applying import applied
from harness.validate.sql.server import database, throw_away

SETTINGS = Settings(today=date(2026, 9, 1))
HERE = Path(__file__).parents[2]


def _apply(folder: Path, files: dict[str, str], settings: Settings = SETTINGS) -> tuple[Applied, list[str]]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    estate = read([folder])
    outcome = applied(estate, settings)
    return outcome, [skipped.why for skipped in estate.found.skipped]


def _running(folder: str) -> bool:
    """Whether any process was started for the data folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if folder.encode() in (entry / "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


def _gone(folder: str, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _running(folder) and not Path(folder).exists():
            return True
        time.sleep(0.05)
    return False


def test_programs_files_and_other_servers_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    left = Path("/var/tmp/rehearse-was-here")
    left.unlink(missing_ok=True)
    outcome, _ = _apply(
        tmp_path,
        {
            "bad.sql": f"""
            CREATE TABLE loot (line text);
            COPY loot FROM PROGRAM 'touch {left}';
            COPY loot TO PROGRAM 'touch {left}';
            COPY loot TO '{left}';
            COPY loot FROM '/etc/passwd';
            SELECT pg_read_file('/etc/passwd');
            SELECT pg_ls_dir('/');
            SELECT lo_export(lo_from_bytea(0, 'x'), '{left}');
            ALTER ROLE CURRENT_USER SUPERUSER;
            GRANT pg_execute_server_program TO CURRENT_USER;
            DO $$ BEGIN EXECUTE 'COPY loot FROM PROGRAM ''touch {left}'''; END $$;
            """
        },
    )
    assert len(outcome.failures) == 10
    assert {failure.code for failure in outcome.failures} == {"42501"}
    assert [failure.kind for failure in outcome.failures].count(Kind.FORBIDDEN) == 7
    assert not left.exists()


def test_statements_without_an_end_are_stopped_even_if_they_take_the_limit_away(tmp_path: Path) -> None:
    begun = time.monotonic()
    outcome, _ = _apply(
        tmp_path,
        {
            "a.sql": "SET statement_timeout = 0;\nDO $$ BEGIN SET statement_timeout = 0; LOOP END LOOP; END $$;\nSELECT 1;",
            "b.sql": "SELECT array_agg(n) FROM generate_series(1, 100000000000) AS n;",
            "c.sql": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r;",
            "d.sql": "SELECT repeat(repeat('x', 100000000), 100);",
            "e.sql": "CREATE TABLE still_applied (id int); SELECT * FROM generate_series(1, 10);",
        },
    )
    assert [(failure.statement.file.path.name, failure.kind) for failure in outcome.failures] == [
        ("a.sql", Kind.LONG), ("b.sql", Kind.LONG), ("c.sql", Kind.LONG), ("d.sql", Kind.LONG)
    ]  # fmt: skip
    assert len(outcome.files) == 1
    assert time.monotonic() - begun < 60


def test_the_owner_is_no_superuser_and_the_server_listens_nowhere_but_on_its_socket() -> None:
    with throw_away() as server:
        with database(server, "one") as (admin, owner):
            assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
            assert admin.execute("SHOW listen_addresses").fetchone() == ("",)
            assert admin.execute("SHOW server_version_num").fetchone() >= ("180000",)
            with pytest.raises(psycopg.OperationalError):
                server.connect("one", "one", "not the password")
        with server.connect() as admin:
            assert admin.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'one'").fetchone() == (0,)
        assert _running(server.host)
    assert _gone(str(Path(server.host).parents[1]))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_leaves_neither_a_server_nor_a_folder(number: signal.Signals) -> None:
    code = (
        # Whoever started the tests in the background made us ignore Ctrl-C.
        "import signal, time\nfrom harness.validate.sql.server import throw_away\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with throw_away() as server:\n    print(server.host, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=HERE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        host = child.stdout.readline().strip()
        assert _running(host)
        child.send_signal(number)
        child.wait(20)
    assert _gone(str(Path(host).parents[1]))


def test_without_a_database_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "programs", lambda: 1 / 0)
    outcome, skipped = _apply(tmp_path, {"a.sql": "SELECT 1;"}, Settings(today=date(2026, 9, 1), database=False))
    assert outcome.failures == []
    assert skipped == []


def test_a_postgresql_that_is_not_there_is_told_and_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.validate.sql.server.sys.executable", "/usr/bin/false")
    outcome, skipped = _apply(tmp_path, {"a.sql": "SELECT 1 / 0;"})
    assert outcome.failures == []
    assert skipped == ["SQL was only parsed, not applied to a database: PostgreSQL did not start in time"]


def test_each_folder_has_a_database_of_its_own(tmp_path: Path) -> None:
    table = "CREATE TABLE orders (id int PRIMARY KEY);\nCREATE ROLE crm_reader;\nGRANT SELECT ON orders TO crm_reader;\n"
    outcome, _ = _apply(tmp_path, {"a/1.sql": table, "b/1.sql": table})
    assert outcome.failures == []
    assert len(outcome.files) == 2


def test_files_of_one_folder_that_make_the_same_are_no_error(tmp_path: Path) -> None:
    outcome, _ = _apply(
        tmp_path, {"full.sql": "CREATE TABLE t (id int);", "old.sql": "CREATE TABLE t (id int);\nSELECT gone FROM t;"}
    )
    assert {failure.kind for failure in outcome.failures} <= {Kind.OUTSIDE}


def test_an_included_file_is_applied_where_it_is_included(tmp_path: Path) -> None:
    outcome, _ = _apply(
        tmp_path,
        {
            "install.sql": "\\set ON_ERROR_STOP on\n\\ir tables.sql\n\\ir functions.sql\n",
            "functions.sql": "CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';",
            "tables.sql": "CREATE TABLE orders (id int);",
        },
    )
    assert outcome.failures == []


@pytest.mark.parametrize(("last", "kind"), [("004_unique.sql", Kind.OUTSIDE), ("003_unique.sql", Kind.WRONG)])
def test_after_a_number_that_is_left_out_a_missing_column_is_nobodys_fault(tmp_path: Path, last: str, kind: Kind) -> None:
    files = {
        "001_jobs.sql": "CREATE TABLE jobs (id int);",
        "002_queues.sql": "CREATE TABLE queues (id int);",
        last: "CREATE INDEX jobs_unique ON jobs (unique_key);",
    }
    outcome, _ = _apply(tmp_path, files)
    assert [one.kind for one in outcome.failures] == [kind]
