"""Compile with brownie, deploy to an anvil of its own, test there: `make brownie`.

1. brownie compiles contracts/ with the compiler of npm (`tools/solc.js`) and the settings of
   foundry.toml, and runs scripts/deploy.py on an anvil that is started here, on a free port.
2. The command line reads the record that the script has left.
3. brownie's pytest runs tests/brownie against that deployment.

What brownie compiled stays in build/brownie, so the next run compiles only what has changed. It
needs the environment .venv-brownie and npm's packages; both are installed by make. Brownie's own
settings, keys and compilers are looked for in HOME, which is a folder of build/ here; afterwards
build/brownie/home is one for use by hand, where network `anvil` is port 8545 (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from p2pchain.chain.node import DEFAULT_PORT, running
from p2pchain.errors import INTERRUPTED, P2PError

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "brownie"
SOLC = ROOT / "tools" / "solc.js"
NETWORKS = """live: []
development:
  - name: anvil, started before
    id: anvil
    cmd: anvil
    host: http://127.0.0.1:{port}
    cmd_settings: {{}}
"""


def main() -> int:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    program = Path(sys.executable).with_name("brownie")
    for path, hint in ((program, "make brownie"), (ROOT / "node_modules" / "solc", "npm ci")):
        if not path.exists():
            print(f"error: {path} is missing\nhint: run `{hint}` in {ROOT}", file=sys.stderr)
            return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=BUILD, prefix="run-") as folder:
            return run(program, Path(folder))
    except P2PError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    finally:
        make_home(BUILD / "home", DEFAULT_PORT)


def run(program: Path, folder: Path) -> int:
    """Deploy, read and test with all files in `folder`; return the exit code of what failed."""
    record = folder / "anvil.json"
    with running(engine="anvil") as node:
        home = make_home(folder / "home", node.port)
        environment = os.environ | {
            "HOME": str(home),
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "P2PCHAIN_RECORD": str(record),
            "PYTHONUNBUFFERED": "1",
        }
        url = f"http://127.0.0.1:{node.port}"
        anvil = ["--network", "anvil"]
        cli = [str(program.with_name("p2pchain")), "-n", url, "admin", "roles", "list"]
        for title, command in (
            ("compile and deploy", [program, "run", "deploy", "main", f"record={record}", *anvil]),
            ("the command line", [*cli, "--deployment", record]),
            ("test", [program, "test", "tests/brownie", "-c", "tests/brownie/pytest.ini", *anvil]),
        ):
            started = time.monotonic()
            print(f"== {title}", flush=True)
            ended = subprocess.run([str(word) for word in command], cwd=ROOT, env=environment)
            print(f"== {title}: {time.monotonic() - started:.1f} s", flush=True)
            if ended.returncode:
                return ended.returncode
    return 0


def make_home(home: Path, port: int) -> Path:
    """Make a folder that brownie finds compiler and network in, and return it.

    brownie would fetch a compiler that it does not find, and keeps its networks outside projects.
    """
    version = subprocess.run(
        ["node", "-p", "require('./package.json').devDependencies.solc"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    for name in (".solcx", ".brownie"):
        (home / name).mkdir(parents=True, exist_ok=True)
    link = home / ".solcx" / f"solc-v{version}"
    link.unlink(missing_ok=True)
    link.symlink_to(SOLC)
    (home / ".brownie" / "network-config.yaml").write_text(NETWORKS.format(port=port))
    return home


if __name__ == "__main__":
    sys.exit(main())
