"""How large an upload may be. Whatever is beyond is refused before it can cost memory."""

MOST_FILES = 5
MOST_UPLOADED = 20 * 1024 * 1024
MOST_UNPACKED = 64 * 1024 * 1024
MOST_ROWS = 250_000
MOST_COLUMNS = 200
MOST_IN_A_LINE = 1024 * 1024
MOST_IN_A_FIELD = 20_000
# Lines that one quoted field may run over. More is a quotation mark that nobody closed.
MOST_LINES_IN_A_ROW = 200
MOST_PROBLEMS = 10_000
MOST_LOOKALIKES = 5_000
# More names than this are not searched for look-alikes.
MOST_COMPARED = 50_000
