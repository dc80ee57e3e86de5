"""The machine: SQLite, clock, file limits, processors, memory for a store, TLS files."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from gateway.doctor.finding import Finding, good, problem, warning
from gateway.settings import Settings

FILES_BESIDE = 256
"""Open files of a data worker beside its connections: the library, sockets to inspectors and log, the pool."""
CLOCK_ERROR = 5
"""TIME_ERROR of adjtimex(2): nothing keeps this clock."""
CERTIFICATE_DAYS = 21
LEAST_FREE = 1 << 28
LITTLE_FREE = 1 << 31
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "afs"})


def sqlite(_settings: Settings) -> Iterator[Finding]:
    """SQLite keeps what it has committed."""
    from audit.errors import SqliteAffected
    from audit.store.sqlite import driver, require_sound

    try:
        require_sound()
    except SqliteAffected as error:
        yield problem("sqlite", f"{error}.", "Install the pysqlite3 wheel that Lexgate's lock names.")
    else:
        yield good("sqlite", f"SQLite {driver.sqlite_version} keeps what it has committed.")


def clock(_settings: Settings) -> Iterator[Finding]:
    """Records are dated by this machine's clock, and counters are kept by day and year."""
    state = _clock_state()
    if state is None:
        yield warning(
            "clock", "Whether the clock is kept cannot be told here.", "Check it with timedatectl or chronyc."
        )
    elif state == CLOCK_ERROR:
        yield warning(
            "clock",
            "Nothing keeps the clock of this machine.",
            "Run chrony or systemd-timesyncd: records are dated by it.",
        )
    else:
        yield good("clock", "The clock is kept by a time service.")
    if datetime.now(UTC) < datetime(2026, 1, 1, tzinfo=UTC):
        yield problem("clock", "The clock is years behind.", "Set the clock before any call is recorded.")


def _clock_state() -> int | None:
    """The answer of adjtimex(2) to a question that changes nothing; None where it cannot be asked."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return int(state) if state >= 0 else None


def file_limits(settings: Settings) -> Iterator[Finding]:
    """Each call takes two connections: the caller's and the provider's."""
    tenants = len({application.tenant for application in settings.applications}) or 1
    needed = 2 * min(settings.limits.tenant_concurrent * tenants, 65_536) + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        yield good("files", f"A process may open {soft} files, {needed} may be needed.")
        return
    most = "any number" if hard == resource.RLIM_INFINITY else str(hard)
    yield warning(
        "files", f"A process may open {soft} files, but {needed} may be needed when all tenants call at once.",
        f"Raise it: LimitNOFILE={needed} in the unit, or ulimit -n (here up to {most}); or lower limits.tenant_concurrent.",
    )  # fmt: skip


def processors(settings: Settings) -> Iterator[Finding]:
    """Workers and inspectors beyond the processors only take turns."""
    own = len(os.sched_getaffinity(0))
    wanted = settings.workers + settings.inspection.processes
    if wanted <= own + 1:
        yield good("processors", f"{wanted} busy processes share {own} processors.")
    else:
        yield warning(
            "processors", f"{wanted} busy processes share {own} processors.",
            "Lower workers or inspection.processes: together at most one more than there are processors.",
        )  # fmt: skip


def disk(settings: Settings) -> Iterator[Finding]:
    """The store needs room, and a disk of this machine."""
    folder = _existing(settings.store_path.absolute().parent)
    free = shutil.disk_usage(folder).free
    words = f"{free >> 20} MiB are free for the store in {folder}."
    if free < LEAST_FREE:
        yield problem("disk", words, "Make room: when the disk is full the log stops, and with it every call.")
    elif free < LITTLE_FREE:
        yield warning("disk", words, "Make room before the disk is full: a full disk stops every call.")
    else:
        yield good("disk", words)
    kind = _filesystem(folder)
    if kind in NETWORK:
        yield problem("disk", f"The store is on a network file system ({kind}).", "Move it to a local disk.")


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _filesystem(folder: Path) -> str:
    """The type of file system under a folder, by the longest mount point; "" where /proc does not tell."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return ""
    real = os.path.realpath(folder)
    under = [(len(point), kind) for _, point, kind, *_ in mounts if os.path.commonpath([real, point]) == point]
    return max(under, default=(0, ""))[1]


def tls(settings: Settings) -> Iterator[Finding]:
    """The listeners' certificate: readable, in date, its key for its owner alone."""
    if not settings.tls.certificate:
        return
    mend = "Renew it and restart the gateway: listeners read it when they start. Automate this."
    try:
        certificate = x509.load_pem_x509_certificate(Path(settings.tls.certificate).read_bytes())
        mode = Path(settings.tls.key).stat().st_mode
    except (OSError, ValueError):
        yield problem(
            "tls", "The certificate or its key cannot be read.", "Check tls.certificate and tls.key: PEM files."
        )
        return
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    words = f"The certificate is valid until {certificate.not_valid_after_utc:%Y-%m-%d}."
    if left < timedelta():
        yield problem("tls", words, mend)
    elif left < timedelta(days=CERTIFICATE_DAYS):
        yield warning("tls", words, mend)
    else:
        yield good("tls", words)
    if stat.S_IMODE(mode) & ~0o740:  # its group may: Kubernetes gives a secret to the group of the pod
        yield problem("tls", "Others may read the certificate's key.", f"chmod 640 {settings.tls.key}")
