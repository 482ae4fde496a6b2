"""`make bench [ONLY=name]`: run every family, each in a process of its own, and print one JSON line per figure."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def families() -> dict[str, Path]:
    """`bench_<family>.py` by family."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


def main(only: str = "") -> int:
    """Run the families that `only` names (a family, or the beginning of a figure's name); 1 when one of them broke."""
    chosen = {f: p for f, p in families().items() if not only or only.split(".")[0] == f}
    if not chosen:
        print(f"no bench called {only}; there are: {', '.join(families())}", file=sys.stderr)
        return 2
    broken = 0
    for family in chosen:
        command = [sys.executable, "-m", f"tests.bench.bench_{family}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            for line in running.stdout or ():
                if line.startswith("{") and json.loads(line)["bench"].startswith(only or family):
                    print(line, end="", flush=True)
        broken += running.returncode != 0
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
