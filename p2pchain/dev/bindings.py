"""Write the typed Python bindings of the contracts from their artifacts.

`generate` is pure: artifacts in, file texts out, always the same for the same input. Structs, enums
and errors are shared by all contracts and therefore written once each; every contract gets a module
with its class, its events and its results. `p2pchain/chain/abi.py` is the code that they stand on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eth_utils.crypto import keccak

from p2pchain.dev.source import HEADER, WIDTH, constant, decoded, docstring, module, registry, wrap
from p2pchain.dev.spelling import (
    IN_ERROR,
    IN_METHOD,
    IN_RECORD,
    IN_RESULT,
    Names,
    brief,
    canonical,
    capital,
    fields_of,
    shown,
    signature,
    snake,
)

Abi = Sequence[Mapping[str, Any]]


def generate(
    artifacts: Mapping[str, Mapping[str, Any]], package: str = "p2pchain.chain.bindings"
) -> dict[str, str]:
    """Return file name -> text of the package of bindings for artifacts by contract name."""
    # A linked library is reached through its contract only; what it adds are errors.
    libraries = {name for a in artifacts.values() for name in a.get("link_references", ())}
    contracts = {name: a for name, a in sorted(artifacts.items()) if name not in libraries}
    abis = [
        *(artifact["abi"] for artifact in contracts.values()),
        *(_only_errors(artifacts[name]["abi"]) for name in sorted(libraries)),
    ]
    names = Names(package)
    enums: dict[str, Sequence[str]] = {}
    for artifact in artifacts.values():
        enums.update(artifact.get("enums", {}))
    _collect(abis, enums, names)
    files = {"enums.py": _enums(names), "structs.py": _structs(names)}
    files["errors.py"] = _errors(artifacts, names)
    for name, artifact in contracts.items():
        files[f"{snake(name)}.py"] = _contract(name, artifact, names)
    files["__init__.py"] = _init(contracts, package)
    return files


def _only_errors(abi: Abi) -> Abi:
    return [entry for entry in abi if entry["type"] == "error"]


def _collect(abis: Iterable[Abi], enums: Mapping[str, Sequence[str]], names: Names) -> None:
    structs: dict[str, Mapping[str, Any]] = {}

    def visit(item: Mapping[str, Any]) -> None:
        internal = re.sub(r"(\[\d*\])+$", "", str(item.get("internalType", "")))
        if internal.startswith("struct "):
            structs[internal[7:]] = item
        for part in item.get("components", ()):
            visit(part)

    for abi in abis:
        for entry in abi:
            for item in (*entry.get("inputs", ()), *entry.get("outputs", ())):
                visit(item)
    full = sorted([*structs, *enums])
    short = [name.rpartition(".")[2] for name in full]
    for name in full:
        last = name.rpartition(".")[2]
        python = last if short.count(last) == 1 else capital(name.replace(".", "_"))
        if name in structs:
            names.structs[name] = (python, structs[name])
        else:
            names.enums[name] = (python, enums[name])


def _enums(names: Names) -> str:
    lines = ["from enum import IntEnum"] if names.enums else []
    for python, members in sorted(names.enums.values()):
        lines += ["", "", f"class {python}(IntEnum):"]
        lines += [f"    {snake(member).upper()} = {at}" for at, member in enumerate(members)]
    return HEADER.format(title="The contracts' enumerations.") + "\n".join(lines).strip() + "\n"


def _structs(names: Names) -> str:
    names.used = {("typing", "Any"), ("typing", "Self"), ("dataclasses", "dataclass")}
    lines: list[str] = []
    for full, (python, item) in sorted(names.structs.items(), key=lambda pair: pair[1][0]):
        parts = item["components"]
        fields = fields_of(parts, IN_RECORD)
        shapes = [names.shape(part) for part in parts]
        lines += ["", "", "@dataclass(frozen=True, slots=True)", f"class {python}:"]
        lines += [f'    """`{full}`."""', ""]
        lines += [f"    {name}: {shape.got}" for name, shape in zip(fields, shapes, strict=True)]
        packed = [shape.pack(f"self.{name}") for name, shape in zip(fields, shapes, strict=True)]
        got = [shape.unpack(f"raw[{n}]") for n, shape in enumerate(shapes)]
        lines += ["", "    def to_abi(self) -> tuple[Any, ...]:"]
        lines += wrap("        return (", packed, ")", one=True)
        lines += ["", "    @classmethod", "    def from_abi(cls, raw: Any) -> Self:"]
        lines += wrap("        return cls(", got, ")")
    names.used = {(module, name) for module, name in names.used if module != "structs"}
    names.used.discard(("collections.abc", "Sequence"))
    return module("The contracts' structs.", names, lines)


def _errors(artifacts: Mapping[str, Mapping[str, Any]], names: Names) -> str:
    found: dict[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {}
    for _, artifact in sorted(artifacts.items()):
        for entry in _only_errors(artifact["abi"]):
            text = signature(entry)
            docs = artifact.get("docs", {}).get("errors", {}).get(text, {})
            if text not in found or (docs and not found[text][1]):
                found[text] = (entry, docs)
    names.used = {("abi", name) for name in ("ContractError", "Panicked", "Reverted")}
    names.used.add(("typing", "ClassVar"))
    lines: list[str] = []
    classes = ["Panicked", "Reverted"]
    same = [entry["name"] for entry, _ in found.values()]
    for text, (entry, docs) in sorted(found.items()):
        name = str(entry["name"])
        if same.count(name) > 1 or name in ("Panicked", "Reverted", "ContractError"):
            name += "".join(capital(re.sub(r"\W", "", canonical(i))) for i in entry["inputs"])
        classes.append(name)
        lines += _error(name, text, entry, docs, names)
    # An error may be called Final, so nothing else is here.
    lines += ["", "", *registry("ERRORS", "ContractError", "SELECTOR", classes, final=False)]
    return module("The contracts' errors, as exceptions.", names, lines)


def _error(
    python: str, text: str, entry: Mapping[str, Any], docs: Mapping[str, str], names: Names
) -> Iterator[str]:
    inputs = entry["inputs"]
    fields = fields_of(inputs, IN_ERROR)
    shapes = [names.shape(item) for item in inputs]
    said = docs.get("notice", "").strip().rstrip(".") or snake(entry["name"]).replace("_", " ")
    yield from ("", "", f"class {python}(ContractError):")
    yield from docstring(shown(entry), 4)
    yield ""
    yield f'    SELECTOR: ClassVar[bytes] = bytes.fromhex("{keccak(text=text)[:4].hex()}")'
    if inputs:
        kinds = [f'"{shape.abi}"' for shape in shapes]
        yield from wrap("    TYPES: ClassVar[tuple[str, ...]] = (", kinds, ")", one=True)
        quoted = [f'"{name}"' for name in fields]
        yield from wrap("    FIELDS: ClassVar[tuple[str, ...]] = (", quoted, ")", one=True)
    yield from constant("TEXT: ClassVar[str]", said)
    if docs.get("hint"):
        yield from constant("HINT: ClassVar[str | None]", docs["hint"])
    if not inputs:
        return
    given = [f"{name}: {shape.got}" for name, shape in zip(fields, shapes, strict=True)]
    yield ""
    yield from wrap("    def __init__(", ["self", *given], ") -> None:")
    yield from wrap("        super().__init__(", fields, ")")
    yield from (f"        self.{name} = {name}" for name in fields)
    got = [shape.unpack(f"raw[{n}]") for n, shape in enumerate(shapes)]
    if got != [f"raw[{n}]" for n in range(len(shapes))]:
        names.used |= {("typing", "Any"), ("typing", "Self"), ("collections.abc", "Sequence")}
        yield from ("", "    @classmethod", "    def from_abi(cls, raw: Sequence[Any]) -> Self:")
        yield from wrap("        return cls(", got, ")")


def _contract(name: str, artifact: Mapping[str, Any], names: Names) -> str:
    abi: Abi = artifact["abi"]
    docs = artifact.get("docs", {})
    names.used = {("abi", "Reader")}
    events = [entry for entry in abi if entry["type"] == "event" and not entry["anonymous"]]
    functions = [entry for entry in abi if entry["type"] == "function"]
    classes = [*(python for python, _ in names.structs.values())]
    classes += [*(python for python, _ in names.enums.values()), name]
    lines: list[str] = []
    written: list[str] = []
    for entry in sorted(events, key=signature):
        python = str(entry["name"])
        if python in classes or python in written:
            python += "Event"
        if python in classes or python in written:
            python += str(len(entry["inputs"]))
        written.append(python)
        lines += _event(python, entry, docs, names)
    if written:
        names.used.add(("typing", "Final"))
        names.used.add(("abi", "Event"))
        lines += ["", "", *registry("EVENTS", "Event", "TOPIC0", written)]
    methods: list[str] = []
    for python, entry in _overloads(functions):
        lines += _result(python, entry, names)
        methods += _method(name, python, entry, docs, names)
    lines += ["", "", f"class {name}:"]
    lines += [
        f'    """`{name}` at an address; a method that changes state returns a `Call`."""',
        "",
    ]
    lines += ["    def __init__(self, chain: Reader, address: str) -> None:"]
    lines += ["        self._chain = chain", "        self.address = address"]
    constructors = [entry for entry in abi if entry["type"] == "constructor"]
    lines += [*_constructor(constructors[0] if constructors else {"inputs": ()}, names), *methods]
    return module(f"The contract {name}, its events and results.", names, lines)


def _constructor(entry: Mapping[str, Any], names: Names) -> Iterator[str]:
    shapes = [names.shape(item) for item in entry["inputs"]]
    fields = fields_of(entry["inputs"], IN_METHOD)
    given = [f"{name}: {shape.given}" for name, shape in zip(fields, shapes, strict=True)]
    yield from ("", "    @staticmethod")
    yield from wrap("    def constructor(", given, ") -> bytes:")
    yield '        """Return the constructor\'s arguments, encoded: what follows the bytecode."""'
    if not given:
        yield '        return b""'
        return
    names.use("abi", "encode")
    packed = [shape.pack(name) for name, shape in zip(fields, shapes, strict=True)]
    yield "        return encode("
    yield from wrap("            (", [f'"{shape.abi}"' for shape in shapes], "),", one=True)
    yield from wrap("            (", packed, "),", one=True)
    yield "        )"


def _event(
    python: str, entry: Mapping[str, Any], docs: Mapping[str, Any], names: Names
) -> Iterator[str]:
    names.used |= {("typing", "ClassVar"), ("typing", "Self"), ("abi", "Event")}
    names.used |= {("collections.abc", "Sequence"), ("dataclasses", "dataclass")}
    text, inputs = signature(entry), entry["inputs"]
    fields = fields_of(inputs, IN_RECORD | {"topics", "data"})
    yield from ("", "", "@dataclass(frozen=True, slots=True)", f"class {python}(Event):")
    yield from docstring(docs.get("events", {}).get(text, {}).get("notice", "") or shown(entry), 4)
    yield from ("", "    TOPIC0: ClassVar[bytes] = bytes.fromhex(")
    yield from (f'        "{keccak(text=text).hex()}"', "    )")
    kinds: list[str] = []
    got: list[str] = []
    topics = 0
    for name, item in zip(fields, inputs, strict=True):
        if item["indexed"]:
            topics += 1
            if re.fullmatch(r"string|bytes|tuple|.*\]|tuple.*", item["type"]):
                yield f"    {name}: bytes  # the hash of a {item['type']}"
                got.append(f"topics[{topics}]")
                continue
            shape = names.shape(item)
            reader = f'{names.use("abi", "topic")}("{shape.abi}", topics[{topics}])'
            got.append(shape.unpack(reader))
        else:
            shape = names.shape(item)
            got.append(shape.unpack(f"raw[{len(kinds)}]"))
            kinds.append(f'"{shape.abi}"')
        yield f"    {name}: {shape.got}"
    yield from ("", "    @classmethod")
    yield "    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:"
    if kinds:
        names.use("abi", "decode")
        yield from decoded("raw", kinds, "data")
    yield from wrap("        return cls(", got, ")")


def _overloads(functions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    ordered = sorted(
        functions, key=lambda entry: (snake(entry["name"]), len(entry["inputs"]), signature(entry))
    )
    seen: set[str] = set()
    for entry in ordered:
        python = fields_of([entry], {"address"})[0]
        if python in seen:  # the one with the fewest arguments keeps the plain name
            kinds = (snake(re.sub(r"\W+", "_", brief(item))).strip("_") for item in entry["inputs"])
            python = "_".join((python, *kinds))
        seen.add(python)
        yield python, entry


def _result(python: str, entry: Mapping[str, Any], names: Names) -> Iterator[str]:
    outputs = entry["outputs"]
    if len(outputs) < 2 or not all(item["name"] for item in outputs):
        return
    names.used.add(("typing", "NamedTuple"))
    yield from ("", "", f"class {capital(python)}Result(NamedTuple):")
    yield from docstring(f"What {shown(entry)} returns.", 4)
    yield ""
    for name, item in zip(fields_of(outputs, IN_RESULT), outputs, strict=True):
        yield f"    {name}: {names.shape(item).got}"


def _method(
    contract: str, python: str, entry: Mapping[str, Any], docs: Mapping[str, Any], names: Names
) -> Iterator[str]:
    text, inputs, outputs = signature(entry), entry["inputs"], entry["outputs"]
    view = entry["stateMutability"] in ("view", "pure")
    payable = entry["stateMutability"] == "payable"
    fields = fields_of(inputs, IN_METHOD)
    shapes = [names.shape(item) for item in inputs]
    given = ["self", *(f"{name}: {s.given}" for name, s in zip(fields, shapes, strict=True))]
    given += (
        ["*", 'block: int | str = "latest"'] if view else ["*", "value: int = 0"] if payable else []
    )
    back = _returned(python, entry, names)
    yield ""
    yield from wrap(
        f"    def {python}(", given, f") -> {back if view else names.use('abi', 'Call')}:"
    )
    yield from docstring(docs.get("methods", {}).get(text, {}).get("notice", "") or shown(entry), 8)
    selector = keccak(text=text)[:4].hex()
    if inputs:
        names.use("abi", "encode")
        kinds = [f'"{shape.abi}"' for shape in shapes]
        packed = [shape.pack(name) for name, shape in zip(fields, shapes, strict=True)]
        yield f'        _data = bytes.fromhex("{selector}") + encode('
        yield from wrap("            (", kinds, "),", one=True)
        yield from wrap("            (", packed, "),", one=True)
        yield "        )"
    else:
        yield f'        _data = bytes.fromhex("{selector}")'
    if not view:
        amount = "value" if payable else "0"
        yield f'        return Call(self.address, _data, {amount}, "{contract}.{entry["name"]}")'
    elif outputs:
        yield f"        return self.{python}_result(self._chain.call(self.address, _data, block))"
    else:
        yield "        self._chain.call(self.address, _data, block)"
    if outputs:
        names.use("abi", "decode")
        yield from ("", "    @staticmethod", f"    def {python}_result(raw: bytes) -> {back}:")
        yield from docstring(f"Return what `{python}` answered, decoded.", 8)
        parts = [names.shape(item) for item in outputs]
        quoted = [f'"{part.abi}"' for part in parts]
        yield from decoded("_out", quoted, "raw")
        got = [part.unpack(f"_out[{n}]") for n, part in enumerate(parts)]
        if len(got) == 1:
            yield from _assigned(f"        _value: {back} = ", got[0])
            yield "        return _value"
        else:
            start = "        return (" if back.startswith("tuple[") else f"        return {back}("
            yield from wrap(start, got, ")")


def _assigned(start: str, value: str) -> Iterator[str]:
    """An assignment, its call broken as the formatter breaks it where the line is too long."""
    name, bracket, rest = value.partition("(")
    if len(start + value) <= WIDTH or not bracket:
        yield start + value
        return
    yield f"{start}{name}("
    yield f"            {rest.removesuffix(')')}"
    yield "        )"


def _returned(python: str, entry: Mapping[str, Any], names: Names) -> str:
    outputs = entry["outputs"]
    shapes = [names.shape(item).got for item in outputs]
    if len(shapes) < 2:
        return shapes[0] if shapes else "None"
    if all(item["name"] for item in outputs):
        return f"{capital(python)}Result"
    return f"tuple[{', '.join(shapes)}]"


def _init(artifacts: Mapping[str, Mapping[str, Any]], package: str) -> str:
    modules = "\n".join(f"    {snake(name)}  {name}" for name in sorted(artifacts))
    return f'''"""Typed bindings of the contracts, one module each.

{modules}

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from p2pchain.chain.abi import ContractError
from p2pchain.errors import WrongNetwork


def decode_error(data: bytes) -> ContractError | None:
    """Return the error that revert data stands for, None where no contract knows it."""
    from {package}.errors import ERRORS

    known = ERRORS.get(data[:4])
    try:
        return known.from_data(data) if known else None
    except WrongNetwork:
        return None
'''
