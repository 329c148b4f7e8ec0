"""The commands of `./muster`."""

import sys
from collections.abc import Callable

from launch import locked
from launch.foreground import execute, manage, test
from launch.screen import CannotStart, say
from launch.up import up

HELP = """\
Muster maps your coalition, counts on your turnout and tells when you are ready to negotiate.

  ./muster                    set everything up (once) and run it; Ctrl-C stops it
  ./muster test [ARGUMENTS]   run the tests with servers of their own; arguments go to pytest
  ./muster manage COMMAND     run a management command (`./muster manage help` lists them);
                              in the running Muster if there is one
  ./muster exec COMMAND       run any program with the servers up and the environment set
  ./muster lock               lock the packages named in requirements/*.in again
  ./muster check              see that the locks fit the names, and the installed packages each other
  ./muster help               this text

Variables: PORT, LIVE_PORT (addresses), DATABASE_URL, REDIS_URL (your own servers),
MUSTER_VAR (another folder for data), MUSTER_DEMO=0 (no demo coalition), PYTHON (which Python).
README.md and docs/operating.md say more.
"""


def without_arguments(command: Callable[[], int]) -> Callable[[list[str]], int]:
    def run(arguments: list[str]) -> int:
        if arguments:
            say(f"This command takes no arguments: {' '.join(arguments)}\n\n{HELP}")
            return 2
        return command()

    return run


def show_help() -> int:
    print(HELP, end="")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "up": without_arguments(up),
    "test": test,
    "manage": manage,
    "exec": execute,
    "lock": without_arguments(locked.lock),
    "check": without_arguments(locked.check),
    "help": without_arguments(show_help),
    "--help": without_arguments(show_help),
    "-h": without_arguments(show_help),
}


def main(words: list[str]) -> int:
    name, arguments = (words[0], words[1:]) if words else ("up", [])
    if name not in COMMANDS:
        say(f"./muster knows no command {name!r}.\n\n{HELP}")
        return 2
    try:
        return COMMANDS[name](arguments)
    except CannotStart as error:
        say(f"muster: {error}")
        return 1
    except KeyboardInterrupt:  # while it waited for another command; whatever has children handles the signal
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
