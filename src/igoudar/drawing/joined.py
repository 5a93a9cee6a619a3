"""A chain that is large, with its branches that are alike drawn as one: `20 x busway`, at the worst of them.

A branch is what stands in the last column with all that feeds nothing else, such as the racks of a row with
their own busways. Two are alike that hang on the same, in the same way, by units of the same types, and of
which the same stands out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from igoudar.derive.ports import natural
from igoudar.drawing.chain import Chain, Link, Node, loud_words
from igoudar.drawing.spans import spans

MOST_BOXES = 18  # as many are drawn one by one
MOST_SPANS = 2  # in the name of a box; all are told below the diagram
ELIDED = " ... "


def joined(chain: Chain) -> Chain:
    """Itself where it is small. The key of a box is that of the first of its parts."""
    if len(chain.nodes) <= MOST_BOXES:
        return chain
    branches = [*_Tree(chain).branches()]
    runs: dict[object, list[_Branch]] = {}
    alike: dict[object, list[_Branch]] = {}
    for branch in branches:
        runs.setdefault(branch.shape, []).append(branch)
        alike.setdefault((branch.shape, branch.levels), []).append(branch)
    nodes = {node.key: node for node in chain.nodes}
    into = {key: key for key in nodes}
    for members in alike.values():
        if len(members) == 1:
            continue
        run = runs[members[0].shape]
        for at, key in enumerate(members[0].keys):
            parts = [nodes[branch.keys[at]] for branch in members]
            nodes[key] = _one(parts, [nodes[branch.keys[at]].name for branch in run])
            into |= dict.fromkeys((part.key for part in parts), key)
    links = {replace(link, source=into[link.source], target=into[link.target]): None for link in chain.links}
    kept = [nodes[key] for key in nodes if into[key] == key]
    return replace(chain, nodes=kept, links=[*links])


def ends_of(node: Node) -> tuple[str, str]:
    return node.ends or (node.name, node.name)


def _one(parts: Sequence[Node], run: Sequence[str]) -> Node:
    """In the colours of the worst of them. `run`: names of all of this kind, that stand out or not."""
    worst = max(parts, key=lambda node: node.use.share or 0.0)
    now = [node.now for node in parts if node.now is not None]
    ends = ends_of(parts[0])[0], ends_of(parts[-1])[1]
    told = [*spans([run], {part.name for part in parts}, {part.name: ends_of(part) for part in parts})]
    powers = [power for part in parts for power in part.powers]
    return replace(
        worst,
        key=parts[0].key,
        name=", ".join(told) if len(told) <= MOST_SPANS else f"{told[0]}{ELIDED}{told[-1]}",
        kind=loud_words(powers) if powers else f"{len(parts)} x {worst.kind}",
        now=max(now, default=None),
        ends=ends,
        powers=powers,
        parts=parts,
    )


@dataclass(frozen=True, slots=True)
class _Branch:
    """`keys`: its nodes from the last column upwards; those of branches of one shape are in one order."""

    keys: tuple[str, ...]
    shape: object
    levels: tuple[str, ...]


@dataclass(slots=True)
class _Tree:
    chain: Chain
    nodes: Mapping[str, Node] = field(init=False)
    above: dict[str, list[Link]] = field(init=False)
    feeds: dict[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.chain.nodes, key=lambda node: (natural(node.name), node.key))
        self.nodes = {node.key: node for node in ordered}
        order = {key: at for at, key in enumerate(self.nodes)}
        self.above = {key: [] for key in self.nodes}
        below: dict[str, list[str]] = {key: [] for key in self.nodes}
        for link in sorted(self.chain.links, key=lambda k: (k.feed, k.reserve, order[k.source])):
            self.above[link.target].append(link)
            below[link.source].append(link.target)
        self.feeds = {}
        for key in self.nodes:
            self._reach(key, below)

    def _reach(self, key: str, below: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """What of the last column hangs on it."""
        if key not in self.feeds:
            further = [self._reach(target, below) for target in below[key]]
            self.feeds[key] = frozenset().union(*further) if further else frozenset({key})
        return self.feeds[key]

    def branches(self) -> Iterator[_Branch]:
        for key, node in self.nodes.items():
            if node.last and node.alike:
                keys: list[str] = []
                shape = self._shape(key, key, keys)
                levels = tuple(str(self.nodes[member].use.level) for member in keys)
                yield _Branch(tuple(keys), shape, levels)

    def _shape(self, key: str, root: str, keys: list[str]) -> object:
        """What two have in common that may be one; of what others hang on, itself."""
        if key in keys:
            return keys.index(key)
        node = self.nodes[key]
        if not node.alike or self.feeds[key] != {root}:
            return key
        keys.append(key)
        ways = [(link.feed, link.reserve, self._shape(link.source, root, keys)) for link in self.above[key]]
        return node.alike, tuple(ways)
