"""A small provider kit on Pulumi's protocol: resources as classes with coroutines, true diffs.

Check and diff are local. Create, update and read may take long and are told of Cancel by an event. A
failure is a sentence, never a trace. Nothing is ever replaced. Secrets arrive plain: the engine keeps the
mark for itself and puts it back on what it records under the same name.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from igoudar.errors import IgoudarError
from igoudar.provider.wire import is_known, plain, struct

Values = Mapping[str, Any]
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Kind(Enum):
    ADD = provider_pb2.PropertyDiff.ADD
    UPDATE = provider_pb2.PropertyDiff.UPDATE
    DELETE = provider_pb2.PropertyDiff.DELETE


@dataclass(frozen=True, slots=True)
class Diff:
    """Property path such as `["leaf-3"]["/etc/frr/frr.conf"]` -> what happens there; empty: no change."""

    changes: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a running operation may use. `cancelled` is set when the user interrupts."""

    name: str
    urn: str
    preview: bool
    cancelled: asyncio.Event
    engine: engine_pb2_grpc.EngineStub | None

    @property
    def stack(self) -> str:
        """`urn:pulumi:<stack>::<project>::...`"""
        return self.urn.partition("::")[0].rpartition(":")[2]

    async def log(self, severity: str, text: str, *, ephemeral: bool = False) -> None:
        """`severity`: debug, info, warning or error. Shown beside the resource; `ephemeral`: for now.

        A line that cannot be delivered never fails what it tells of.
        """
        if self.engine is None:
            return
        level = engine_pb2.LogSeverity.Value(severity.upper())
        request = engine_pb2.LogRequest(severity=level, message=text, urn=self.urn, ephemeral=ephemeral)
        log: Any = self.engine.Log  # the stub is a coroutine on an asyncio channel
        with suppress(grpc.aio.AioRpcError):
            await log(request)


class ResourceFailure(IgoudarError):
    """The operation failed and left nothing to record."""


class PartialFailure(IgoudarError):
    """It failed half-way: outputs and inputs are recorded, reasons shown, the next update goes on."""

    def __init__(self, identity: str, outputs: Values, inputs: Values, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.identity, self.outputs, self.inputs, self.reasons = identity, outputs, inputs, tuple(reasons)


class Resource:
    """One kind of resource. `old` and `new` are inputs; `outputs` are what create or update returned."""

    token = ""

    async def check(self, new: Values, old: Values) -> tuple[Values, list[tuple[str, str]]]:
        """The inputs to record, and (property, reason) for each that is refused; `old` is the record."""
        return new, []

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        """Pure and local; `ctx` is for a line beside the resource."""
        raise NotImplementedError

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        raise NotImplementedError

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        raise NotImplementedError

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values] | None:
        """What is there now, as inputs and outputs; None where it is gone."""
        raise NotImplementedError

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        raise NotImplementedError


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The protocol over a set of resources."""

    def __init__(self, version: str, resources: Sequence[Resource]) -> None:
        self.version = version
        self.resources = {resource.token: resource for resource in resources}
        self.cancelled = asyncio.Event()
        self.running = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.engine: engine_pb2_grpc.EngineStub | None = None

    def connect(self, address: str) -> None:
        self.engine = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(address, UNLIMITED))

    def _find(self, request: Any) -> Resource:
        token = request.type or request.urn.split("::")[2].split("$")[-1]
        if token not in self.resources:
            raise ResourceFailure(f"the provider knows no resource {token}")
        return self.resources[token]

    def _context(self, request: Any, *, preview: bool = False) -> Context:
        name = request.name or request.urn.rpartition("::")[2]
        return Context(name, request.urn, preview, self.cancelled, self.engine)

    @asynccontextmanager
    async def _operation(self, context: Any) -> AsyncIterator[None]:
        """Counts what runs, and turns failures into statuses of the protocol."""
        self.running += 1
        self.idle.clear()
        try:
            yield
        except PartialFailure as failure:
            await _abort_partial(context, failure)
        except IgoudarError as failure:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(failure))
        except Exception as defect:
            traceback.print_exc()  # the engine shows it; INTERNAL tells it that the state is unknown
            await context.abort(grpc.StatusCode.INTERNAL, f"a defect of the provider: {defect!r}")
        finally:
            self.running -= 1
            if not self.running:
                self.idle.set()

    async def Handshake(self, request: Any, context: Any) -> Any:
        self.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    async def Attach(self, request: Any, context: Any) -> Any:
        """An engine takes a provider that somebody started by hand, after an earlier engine cancelled it."""
        self.connect(request.address)
        self.cancelled = asyncio.Event()
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    async def Check(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            resource, new = self._find(request), plain(request.news)
            if not is_known(new):  # of a preview; the values themselves are checked when they are there
                return provider_pb2.CheckResponse(inputs=request.news)
            inputs, failures = await resource.check(new, plain(request.olds))
            said = [provider_pb2.CheckFailure(property=p, reason=r) for p, r in failures]
            return provider_pb2.CheckResponse(inputs=struct(inputs), failures=said)

    async def Diff(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            resource, old, new = self._find(request), plain(request.old_inputs), plain(request.news)
            if not is_known(new):
                return _diff_response(_by_property(old, new), {*old, *new})
            found = await resource.diff(old, new, plain(request.olds), self._context(request))
            return _diff_response(found, {*old, *new})

    async def Create(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            if request.preview:
                return provider_pb2.CreateResponse(properties=struct({}))
            work = self._find(request).create(plain(request.properties), self._context(request))
            identity, outputs = await work
            return provider_pb2.CreateResponse(id=identity, properties=struct(outputs))

    async def Update(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            outputs = plain(request.olds)
            if request.preview:
                return provider_pb2.UpdateResponse(properties=struct(outputs))
            old, new = plain(request.old_inputs), plain(request.news)
            updated = await self._find(request).update(old, new, outputs, self._context(request))
            return provider_pb2.UpdateResponse(properties=struct(updated))

    async def Read(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            inputs, outputs = plain(request.inputs), plain(request.properties)
            found = await self._find(request).read(request.id, inputs, outputs, self._context(request))
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id, inputs=struct(found[0]), properties=struct(found[1])
            )

    async def Delete(self, request: Any, context: Any) -> Any:
        async with self._operation(context):
            inputs, outputs = plain(request.old_inputs), plain(request.properties)
            await self._find(request).delete(request.id, inputs, outputs, self._context(request))
            return empty_pb2.Empty()

    async def Cancel(self, request: Any, context: Any) -> Any:
        """Answers when what runs has cleaned up; the engine waits for it."""
        self.cancelled.set()
        await self.idle.wait()
        return empty_pb2.Empty()


def _by_property(old: Values, new: Values) -> Diff:
    """What differs, no deeper than the properties: for inputs of which a part is computed later."""
    changes = {f'["{key}"]': Kind.UPDATE for key in sorted({*old, *new}) if old.get(key) != new.get(key)}
    return Diff(changes)


def _diff_response(diff: Diff, inputs: set[str]) -> Any:
    """The engine shows a path's old and new value: of the inputs, or of the outputs (`failed`)."""
    kinds = provider_pb2.DiffResponse
    top = {path: path.split('"')[1] if path.startswith('["') else path for path in diff.changes}
    return kinds(
        changes=kinds.DIFF_SOME if diff.changes else kinds.DIFF_NONE,
        diffs=sorted(set(top.values())),
        hasDetailedDiff=True,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=kind.value, inputDiff=top[path] in inputs)
            for path, kind in diff.changes.items()
        },
    )


async def _abort_partial(context: Any, failure: PartialFailure) -> NoReturn:
    """`ErrorResourceInitFailed` travels in the details of a gRPC status."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.identity,
            properties=struct(failure.outputs),
            inputs=struct(failure.inputs),
            reasons=list(failure.reasons),
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(failure), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, str(failure))
    raise AssertionError("abort does not return")


async def serve(version: str, resources: Sequence[Resource]) -> None:
    """Print the port, then serve until the engine goes. Interrupts are the engine's to tell (Cancel)."""
    servicer = Servicer(version, resources)
    if len(sys.argv) > 1:
        servicer.connect(sys.argv[1])
    server = grpc.aio.server(options=UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    def leave() -> None:
        if not servicer.running:
            os._exit(0)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    print(port, flush=True)
    await server.wait_for_termination()
