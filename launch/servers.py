"""The servers that Muster needs and does not find in the environment, and the variables that name them."""

import os
import re
from pathlib import Path

from launch.postgres import Postgres
from launch.state import ROOT, StateFolder
from launch.valkey import Valkey

Server = Postgres | Valkey


def state_folder() -> StateFolder:
    return StateFolder(Path(os.environ.get("MUSTER_VAR") or ROOT / "var"))


def needed(state: StateFolder, *, throw_away: bool = False) -> list[Server]:
    """Embedded ones for what DATABASE_URL and REDIS_URL do not name."""
    servers: list[Server] = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(Postgres(state, throw_away=throw_away))
    if not os.environ.get("REDIS_URL"):
        servers.append(Valkey(state, throw_away=throw_away))
    return servers


def variables(state: StateFolder, servers: list[Server]) -> dict[str, str]:
    """What every process of Muster reads; what the caller has set himself wins."""
    ours = {
        "MUSTER_ENV": "development",
        "SECRET_KEY": state.secret("django"),
        "MUSTER_DEMO_PASSWORD": state.secret("demo", size=9),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "MUSTER_BROKER_URL": "",
    }
    for server in servers:
        ours |= server.variables()
    ours |= {name: os.environ[name] for name in ours if os.environ.get(name)}
    ours["MUSTER_BROKER_URL"] = ours["MUSTER_BROKER_URL"] or broker_url(ours["REDIS_URL"])
    return ours | {"MUSTER_VAR": str(state.path)}


def broker_url(redis_url: str) -> str:
    """Celery names a socket in another way than the Redis client does."""
    if not redis_url.startswith("unix://"):
        return redis_url
    base, _, query = redis_url.removeprefix("unix://").partition("?")
    database = re.search(r"(?:^|&)db=(\d+)", query)
    return f"redis+socket://{base}?virtual_host={database[1] if database else 0}"
