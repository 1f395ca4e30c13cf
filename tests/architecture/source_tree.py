"""Read a source tree with `ast`: its modules, and what each of them imports when it runs."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = ("actors", "compas")
"""The packages we ship; everything else in the repository is tests, benchmarks and words."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported name. `from a.b import c` is `a.b.c`: whether `c` is a module shows only in the tree. `a.b.*` stands
    for an import by name, which may be of any module in `a.b`."""

    target: str
    line: int
    lazy: bool
    """Inside a function, so paid for only when that function runs."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """One source file."""

    name: str
    path: str
    source: str
    syntax: ast.Module
    imports: tuple[Import, ...]

    def at(self, line: int, what: str) -> str:
        """Return a finding, in the form an editor can jump to."""
        return f"{self.path}:{line}: {what}"


class _Imports(ast.NodeVisitor):
    """Collects run-time imports: those under `if TYPE_CHECKING:` never run, so they are left out."""

    def __init__(self) -> None:
        self.found: list[Import] = []
        self._depth = 0

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._add(f"{node.module or ''}.{alias.name}", node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        """Take `import_module(f"compas.api.{area}")` for what it is: an import of any module there."""
        if isinstance(node.func, ast.Name) and node.func.id == "import_module":
            match node.args:
                case [ast.JoinedStr(values=[ast.Constant(value=str() as package), *_])]:
                    self._add(f"{package}*", node.lineno)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.orelse:
                self.visit(child)
        else:
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node)

    def _inside(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def _add(self, target: str, line: int) -> None:
        self.found.append(Import(target=target, line=line, lazy=self._depth > 0))


def within(name: str, *places: str) -> bool:
    """Tell whether a dotted name is one of these packages or modules, or inside one."""
    return any(name == place or name.startswith(place + ".") for place in places)


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    """Yield the Python files below these folders of a tree, in order of their names."""
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


@cache
def read_modules(root: Path) -> tuple[Module, ...]:
    """Read every module of our packages in this tree; the answer is kept, so read a tree when it is complete."""
    return tuple(_read(root, path) for path in python_files(root, *PACKAGES))


def _read(root: Path, path: Path) -> Module:
    source = path.read_text(encoding="utf-8")
    syntax = ast.parse(source, filename=str(path))
    imports = _Imports()
    imports.visit(syntax)
    relative = path.relative_to(root)
    parts = relative.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name=name, path=relative.as_posix(), source=source, syntax=syntax, imports=tuple(imports.found))


def known_module(target: str, modules: dict[str, Module]) -> str | None:
    """Return the module of the tree that an import reaches: itself, or the one its last part is defined in."""
    while target:
        if target in modules:
            return target
        target = target.rpartition(".")[0]
    return None


def eager_graph(root: Path) -> dict[str, set[str]]:
    """Return, for every module, the modules of the tree that importing it imports directly."""
    modules = {module.name: module for module in read_modules(root)}
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for module in modules.values():
        for item in module.imports:
            if item.lazy:
                continue
            if item.target.endswith(".*"):
                graph[module.name] |= {name for name in modules if within(name, item.target.removesuffix(".*"))}
            elif (target := known_module(item.target, modules)) is not None:
                graph[module.name].add(target)
    return graph


def reached_from(root: Path, starts: Iterable[str]) -> set[str]:
    """Return these modules and all that importing them imports, however many modules away."""
    graph = eager_graph(root)
    reached: set[str] = set()
    ahead = list(starts)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(graph[name])
    return reached
