"""How the contracts' types and names are spelled in Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Names that generated code itself uses: as types, in a method's body, or as inherited attributes.
_TYPES = {"int", "str", "bytes", "bool", "tuple"}
IN_METHOD = _TYPES | {"self", "cls", "block", "value", "raw"}
IN_ERROR = _TYPES | {"self", "reason", "args", "hint", "message", "exit_code"}
IN_RECORD = _TYPES | {"to_abi", "from_abi", "from_log"}
IN_RESULT = IN_RECORD | {"count", "index"}  # a named tuple has these


class NotSupported(ValueError):
    """The ABI has something that the generator has no Python for."""


def snake(name: str) -> str:
    """Return a Solidity name in Python's spelling: `volumeWh` -> `volume_wh`."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).strip("_").lower()


def capital(name: str) -> str:
    """Return a name as a Python class name: `headOf` -> `HeadOf`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


def canonical(item: Mapping[str, Any]) -> str:
    """Return the ABI type of a parameter, tuples spelled out."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(canonical(part) for part in item['components'])}){kind[5:]}"


def signature(item: Mapping[str, Any]) -> str:
    """Return what is hashed for a selector or a topic."""
    return f"{item['name']}({','.join(canonical(part) for part in item['inputs'])})"


def brief(item: Mapping[str, Any]) -> str:
    """Return the type of a parameter as a person reads it: structs by their names."""
    kind = str(item.get("internalType") or item["type"])
    return re.sub(r"^(struct|enum|contract) (\w+\.)?", "", kind)


def shown(item: Mapping[str, Any]) -> str:
    """Return the signature as a person reads it."""
    return f"`{item['name']}({', '.join(brief(part) for part in item['inputs'])})`"


def fields_of(items: Sequence[Mapping[str, Any]], taken: set[str]) -> list[str]:
    """Return the Python names of parameters, none a keyword, in `taken` or there twice."""
    names: list[str] = []
    for position, item in enumerate(items):
        name = snake(item["name"]) or f"arg{position}"
        if keyword.iskeyword(name) or name in taken:
            name += "_"
        names.append(name if name not in names else f"{name}{position}")
    return names


@dataclass(frozen=True)
class Shape:
    """How one ABI type is spelled in Python and crosses the codec."""

    abi: str
    given: str  # annotation of what is passed in
    got: str  # annotation of what comes out
    pack: Callable[[str], str]
    unpack: Callable[[str], str]


def _same(value: str) -> str:
    return value


@dataclass
class Names:
    """Python names of the structs, enums and errors of all contracts, and what a module uses."""

    package: str  # where the generated modules live
    structs: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    enums: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def use(self, module: str, name: str) -> str:
        """Note that the module being written needs a name; return the name."""
        self.used.add((module, name))
        return name

    def shape(self, item: Mapping[str, Any], depth: int = 0) -> Shape:
        """Return the Python of one parameter. NotSupported where there is none."""
        kind, internal = str(item["type"]), str(item.get("internalType", ""))
        array = re.fullmatch(r"(.*)\[\d*\]", kind)
        if array:
            short = internal[: internal.rindex("[")] if internal.endswith("]") else internal
            inner = self.shape({**item, "type": array[1], "internalType": short}, depth + 1)
            self.use("collections.abc", "Sequence")
            return Shape(
                canonical(item),
                f"Sequence[{inner.given}]",
                f"tuple[{inner.got}, ...]",
                _each(inner.pack, "[{} for {} in {}]", depth),
                _each(inner.unpack, "tuple({} for {} in {})", depth),
            )
        if kind == "tuple":
            name = self.use("structs", self.structs[internal.removeprefix("struct ")][0])
            return Shape(
                canonical(item), name, name, "{}.to_abi()".format, f"{name}.from_abi({{}})".format
            )
        if internal.startswith("enum ") and internal[5:] in self.enums:
            name = self.use("enums", self.enums[internal[5:]][0])
            return Shape(kind, name, name, _same, f"{name}({{}})".format)
        if kind == "address":
            return Shape(kind, "str", "str", _same, lambda v: f"{self.use('abi', 'checksum')}({v})")
        if size := re.fullmatch(r"bytes(\d+)", kind):
            pack = lambda v: f"{self.use('abi', 'sized')}({v}, {size[1]})"  # noqa: E731
            return Shape(kind, "bytes", "bytes", pack, _same)
        if re.fullmatch(r"u?int\d+", kind):
            return Shape(kind, "int", "int", _same, _same)
        if kind in ("bool", "string", "bytes"):
            python = {"string": "str"}.get(kind, kind)
            return Shape(kind, python, python, _same, _same)
        raise NotSupported(f"type {kind} of {item['name'] or 'an argument'}")


def _each(inner: Callable[[str], str], text: str, depth: int) -> Callable[[str], str]:
    one = "ijkl"[depth]
    return lambda v: v if inner(one) == one else text.format(inner(one), one, v)
