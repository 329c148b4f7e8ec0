"""PostgreSQL refuses to run as root; this makes a child look like an ordinary user, or be one."""

import ctypes
import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform.startswith("linux")
CLONE_NEWUSER = 0x10000000
NOBODY_INSIDE = 65534

libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


@dataclass(frozen=True)
class Disguise:
    """How a child differs from us: not at all, inside a user namespace, or as another user."""

    user_namespace: bool = False
    user: str | None = None

    def put_on(self) -> None:
        """Runs in the child, between fork and exec."""
        if self.user_namespace:
            enter_user_namespace()
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)

    def own(self, path: Path) -> Path:
        """Give a file or folder to whom the child will be."""
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(path, account.pw_uid, account.pw_gid)
        return path


OURSELVES = Disguise()


def not_root() -> Disguise:
    """The lightest disguise that works here for a program that refuses root."""
    if os.geteuid() != 0:
        return OURSELVES
    if os.environ.get("MUSTER_NO_USERNS") != "1" and user_namespaces_work():
        return Disguise(user_namespace=True)
    return Disguise(user="nobody")  # a container's filter may forbid user namespaces


def enter_user_namespace() -> None:
    """Become an ordinary user id that maps onto our own, so that files keep their owner."""
    if libc is None:
        raise OSError("user namespaces exist on Linux only")
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY_INSIDE} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY_INSIDE} {group} 1")


def user_namespaces_work() -> bool:
    """Try it in a child, because entering cannot be undone."""
    child = os.fork()
    if child == 0:
        try:
            enter_user_namespace()
        except BaseException:  # whatever happens, this child must not run on as a second launcher
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
