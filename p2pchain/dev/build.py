"""Compile the contracts into the artifacts and bindings that the package ships.

The settings are those of foundry.toml, the compiler is the pinned one, and the files are the same
byte for byte wherever they are made, so `build(check=True)` can say whether what is checked in is
what the sources say. Users never need this: artifacts and bindings are package data.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from p2pchain.dev.bindings import generate
from p2pchain.errors import BadInput, CheckFailed

# EIP-170: a larger contract cannot be deployed.
SIZE_LIMIT = 24_576
ARTIFACTS = Path("p2pchain/chain/artifacts")
BINDINGS = Path("p2pchain/chain/bindings")
# Beside contracts/*.sol: what a deployment needs and the project did not write, and the test token.
ALSO = {
    "AccessManager": "node_modules/@openzeppelin/contracts/access/manager/AccessManager.sol",
    "ERC7913P256Verifier": "node_modules/@openzeppelin/contracts/utils/cryptography/verifiers/"
    "ERC7913P256Verifier.sol",
    "TestCurrency": "contracts/mocks/TestCurrency.sol",
}
_WANTED = (
    "abi",
    "devdoc",
    "userdoc",
    "metadata",
    "storageLayout",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.linkReferences",
    "evm.deployedBytecode.immutableReferences",
)


def build(check: bool = False) -> list[Path]:
    """Write artifacts and bindings, or only compare them; return the files that changed.

    Raises CheckFailed where a file differs (`check`), a contract does not compile or is too large,
    BadInput where there is no source tree or no compiler.
    """
    root = source_tree()
    artifacts = compile_contracts(root)
    files = {root / ARTIFACTS / f"{name}.json": render(a) for name, a in artifacts.items()}
    files |= {root / BINDINGS / name: text for name, text in generate(artifacts).items()}
    stale = {
        path
        for folder, suffix in ((ARTIFACTS, "*.json"), (BINDINGS, "*.py"))
        for path in (root / folder).glob(suffix)
        if path not in files
    }
    changed = sorted({path for path, text in files.items() if _read(path) != text.encode()} | stale)
    if check and changed:
        listed = "\n".join(f"  {path.relative_to(root)}" for path in changed)
        raise CheckFailed(
            f"not what the sources say:\n{listed}",
            hint="run `p2pchain dev build` and commit what it writes",
        )
    for path in changed:
        if path in stale:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path].encode())
    if large := too_large(artifacts):
        raise CheckFailed("; ".join(large), hint="move code into a library or another contract")
    return changed


def source_tree(start: Path | None = None) -> Path:
    """Return the folder of the source tree that `start` (the current folder) is in."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "foundry.toml").is_file() and (folder / ARTIFACTS.parent).is_dir():
            return folder
    raise BadInput(
        f"{here} is not in a source tree of p2pchain",
        hint="clone the repository and call this in it; an installed package needs no build",
    )


def settings(root: Path) -> dict[str, Any]:
    """Return the compiler's settings, read from foundry.toml."""
    profiles = tomllib.loads((root / "foundry.toml").read_text())["profile"]
    profile = profiles["default"] | profiles["shipped"]
    return {
        "remappings": profile["remappings"],
        "evmVersion": profile["evm_version"],
        "viaIR": profile["via_ir"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "metadata": {"bytecodeHash": profile["bytecode_hash"]},
    }


def sources(root: Path) -> dict[str, str]:
    """Return contract name -> source path of everything that is shipped."""
    own = {
        path.stem: f"contracts/{path.name}" for path in sorted((root / "contracts").glob("*.sol"))
    }
    return own | ALSO


def compile_contracts(root: Path) -> dict[str, dict[str, Any]]:
    """Return the artifact of every contract that can be deployed, by name."""
    wanted = sources(root)
    output = _run(root, wanted, settings(root))
    _refuse_warnings(output)
    enums = dict(_enums(output["sources"]))
    variables = dict(_variables(output["sources"]))
    artifacts: dict[str, dict[str, Any]] = {}
    waiting = [(path, name) for name, path in wanted.items()]
    while waiting:
        path, name = waiting.pop()
        compiled = output["contracts"].get(path, {}).get(name)
        if compiled is None:
            raise CheckFailed(
                f"{path} has no contract {name}", hint="a file is named after its contract"
            )
        if not compiled["evm"]["bytecode"]["object"]:  # an abstract contract has none
            continue
        artifacts[name] = _artifact(root, name, compiled, enums, variables, settings(root))
        linked = compiled["evm"]["bytecode"]["linkReferences"]
        waiting += [
            (file, library)
            for file, libraries in linked.items()
            for library in libraries
            if library not in artifacts
        ]
    return artifacts


def compile_only(root: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the artifacts of some contracts and linked libraries, by name, in a fraction of the
    time that all of them take. Raises BadInput for a name that no file under contracts/ has."""
    wanted = {}
    for name in names:
        path = next((root / "contracts").rglob(f"{name}.sol"), None)
        if path is None:
            raise BadInput(f"no file is named after {name}", hint="a file has its contract's name")
        wanted[name] = str(path.relative_to(root))
    chosen = settings(root)
    output = _run(root, wanted, chosen, {path: {name: [*_WANTED]} for name, path in wanted.items()})
    enums = dict(_enums(output["sources"]))
    variables = dict(_variables(output["sources"]))
    return {
        name: _artifact(root, name, output["contracts"][path][name], enums, variables, chosen)
        for name, path in wanted.items()
    }


def too_large(artifacts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for every contract that is larger than EIP-170 allows."""
    sizes = {name: len(a["deployed_bytecode"]) // 2 - 1 for name, a in sorted(artifacts.items())}
    return [
        f"{name} has {size} bytes, {size - SIZE_LIMIT} more than the {SIZE_LIMIT} of EIP-170"
        for name, size in sizes.items()
        if size > SIZE_LIMIT
    ]


def render(artifact: Mapping[str, Any]) -> str:
    """Return an artifact as text, always the same for the same content."""
    return json.dumps(artifact, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _run(
    root: Path,
    wanted: Mapping[str, str],
    chosen: Mapping[str, Any],
    only: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    try:
        import solcx
        from solcx.exceptions import SolcError
    except ImportError:
        raise BadInput(
            "py-solc-x is not installed",
            hint="pip install -e '.[dev]' brings it, or use `make test`",
        ) from None
    request = {
        "language": "Solidity",
        "sources": {path: {"urls": [path]} for path in sorted(wanted.values())},
        "settings": {
            **chosen,
            "outputSelection": {"*": {"": ["ast"], **({} if only else {"*": [*_WANTED]})}}
            | dict(only or {}),
        },
    }
    shim = root / "tools" / "solc.js"
    if not (root / "node_modules" / "solc").is_dir():
        raise BadInput("the compiler is not installed", hint=f"run `npm ci` in {root}")
    try:
        output: dict[str, Any] = solcx.compile_standard(
            request, base_path=root, allow_paths=[root], solc_binary=shim
        )
    except SolcError as error:
        said = [e["formattedMessage"] for e in error.error_dict or () if e["severity"] == "error"]
        reason = "\n".join(said) or error.stderr_data or error.message
        raise CheckFailed(f"the contracts do not compile:\n{reason}") from None
    return output


def _refuse_warnings(output: Mapping[str, Any]) -> None:
    """Raise CheckFailed where the compiler warns of our sources, as forge does for what it sees."""
    warned = [
        error["formattedMessage"]
        for error in output.get("errors", ())
        if (error.get("sourceLocation") or {}).get("file", "").startswith("contracts/")
    ]
    if warned:
        raise CheckFailed("the compiler warns:\n" + "\n".join(warned))


def _artifact(
    root: Path,
    name: str,
    compiled: Mapping[str, Any],
    enums: Mapping[str, list[str]],
    variables: Mapping[str, str],
    chosen: Mapping[str, Any],
) -> dict[str, Any]:
    runtime = compiled["evm"]["deployedBytecode"]
    metadata = json.loads(compiled["metadata"])
    used = {part for part in _internal_types(compiled["abi"]) if part in enums}
    return {
        "contract_name": name,
        "abi": compiled["abi"],
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "deployed_bytecode": "0x" + runtime["object"],
        "immutable_references": _immutables(name, runtime["immutableReferences"], variables),
        # Where the address of a library goes, in bytes from the beginning; the code has a
        # placeholder there that is not hexadecimal.
        "link_references": {
            library: [at["start"] for at in places]
            for libraries in compiled["evm"]["bytecode"]["linkReferences"].values()
            for library, places in libraries.items()
        },
        "deployed_link_references": {
            library: [at["start"] for at in places]
            for libraries in runtime["linkReferences"].values()
            for library, places in libraries.items()
        },
        "storage_layout": [
            {
                "label": item["label"],
                "slot": int(item["slot"]),
                "offset": item["offset"],
                "type": compiled["storageLayout"]["types"][item["type"]]["label"],
            }
            for item in compiled["storageLayout"]["storage"]
        ],
        "enums": {used_name: enums[used_name] for used_name in used},
        "docs": _docs(compiled["userdoc"], compiled["devdoc"]),
        "compiler": {"version": metadata["compiler"]["version"], "settings": chosen},
        "sources": {
            path: hashlib.sha256((root / path).read_bytes()).hexdigest()
            for path in metadata["sources"]
        },
    }


def _immutables(
    contract: str, references: Mapping[str, Any], variables: Mapping[str, str]
) -> dict[str, list[int]]:
    """Where each immutable variable goes in the deployed code, by name: bytes from the beginning.

    Each place is a word of 32 bytes. The compiler numbers them by their declaration, and calls the
    address of a library, which guards it from being called directly, `library_deploy_address`.
    """
    found: dict[str, list[int]] = {}
    for number, places in references.items():
        name = variables.get(number, number)
        if name in found or any(at["length"] != 32 for at in places):
            raise CheckFailed(
                f"{contract}: the immutable '{name}' cannot be told from another",
                hint="immutables of a contract and its bases need names of their own",
            )
        found[name] = sorted(at["start"] for at in places)
    return found


def _docs(user: Mapping[str, Any], dev: Mapping[str, Any]) -> dict[str, Any]:
    """The sentences that the bindings repeat: `@notice`, and an error's `@custom:hint`."""
    found: dict[str, Any] = {
        kind: {
            name: {"notice": said["notice"]}
            for name, said in user.get(kind, {}).items()
            if "notice" in said
        }
        for kind in ("methods", "events")
    }
    found["errors"] = {}
    for key, source, target in (("notice", user, "notice"), ("custom:hint", dev, "hint")):
        for name, said in source.get("errors", {}).items():
            if key in said[0]:
                found["errors"].setdefault(name, {})[target] = said[0][key]
    return found


def _enums(units: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for unit in units.values():
        for node in unit["ast"]["nodes"]:
            for inner in (node, *node.get("nodes", ())):
                if inner["nodeType"] == "EnumDefinition":
                    yield inner["canonicalName"], [member["name"] for member in inner["members"]]


def _variables(units: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The state variables of all contracts: the compiler's number of each, and its name."""
    for unit in units.values():
        for node in unit["ast"]["nodes"]:
            for inner in node.get("nodes", ()):
                if inner["nodeType"] == "VariableDeclaration":
                    yield str(inner["id"]), inner["name"]


def _internal_types(items: Any) -> Iterator[str]:
    for item in items:
        yield str(item.get("internalType", "")).removeprefix("enum ").split("[")[0]
        for key in ("inputs", "outputs", "components"):
            yield from _internal_types(item.get(key, ()))


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
