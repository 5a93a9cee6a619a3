"""The provider kit, asked over the real protocol by a client in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from igoudar.provider.kit import (
    UNLIMITED,
    Context,
    Diff,
    Kind,
    PartialFailure,
    Resource,
    ResourceFailure,
    Servicer,
)
from igoudar.provider.wire import SECRET, SIGNATURE, UNKNOWN, is_known, plain, struct

URN = "urn:pulumi:lab::igoudar::test:index:Parent$test:index:Thing::lab"
Values = Mapping[str, Any]


class Thing(Resource):
    """Remembers what it was asked; the input `do` says how a create goes."""

    token = "test:index:Thing"

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def check(self, new: Values, old: Values) -> tuple[Values, list[tuple[str, str]]]:
        return new, [("do", "it may not be empty")] if new.get("do") == "" else []

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        keys = sorted({*old, *new})
        return Diff({f'["{k}"]["text"]': Kind.UPDATE for k in keys if old.get(k) != new.get(k)})

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        self.asked.append(("create", dict(new), ctx.name, ctx.preview))
        match new.get("do"):
            case "fail":
                raise ResourceFailure("leaf-1 did not answer")
            case "part":
                raise PartialFailure(
                    "id", {"done": ["a"]}, {"a": "1"}, ["leaf-2 did not answer", "leaf-3 too"]
                )
            case "wait":
                await ctx.cancelled.wait()
                self.asked.append(("restored",))
                raise ResourceFailure("cancelled; everything is as it was")
            case "break":
                raise KeyError("leaf-9")
            case "stop?":
                self.asked.append(("stop", ctx.cancelled.is_set()))
            case "say":
                await ctx.log("info", "half of it is done", ephemeral=True)
        return "id", {"txn": 7}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        self.asked.append(("update", dict(old), dict(new), dict(outputs)))
        return {"txn": 8}

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values] | None:
        return None if identity == "gone" else ({**inputs, "live": identity}, outputs)

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        self.asked.append(("delete", identity, dict(inputs), dict(outputs)))


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.logged: list[Any] = []

    async def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - name of the protocol
        self.logged.append(request)

        return empty_pb2.Empty()


@asynccontextmanager
async def listening(register: Callable[[Any], None]) -> AsyncIterator[str]:
    server = grpc.aio.server(options=UNLIMITED)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


def ask(thing: Thing, question: Callable[[Any], Awaitable[Any]]) -> Any:
    """`question` is asked of a stub whose provider has only `thing`."""

    async def main() -> Any:
        servicer = Servicer("1.2.3", [thing])
        add = provider_pb2_grpc.add_ResourceProviderServicer_to_server
        async with (
            listening(lambda server: add(servicer, server)) as address,
            grpc.aio.insecure_channel(address, UNLIMITED) as channel,
        ):
            return await asyncio.wait_for(question(provider_pb2_grpc.ResourceProviderStub(channel)), 30)

    return asyncio.run(main())


def creation(**values: Any) -> Any:
    preview = values.pop("preview", False)
    return provider_pb2.CreateRequest(urn=URN, properties=struct(values), preview=preview)


def test_a_preview_touches_nothing() -> None:
    thing = Thing()
    old, new = struct({"a": "1"}), struct({"a": UNKNOWN})
    updating = provider_pb2.UpdateRequest(
        urn=URN, old_inputs=old, news=new, olds=struct({"txn": 7}), preview=True
    )

    async def question(stub: Any) -> Any:
        return await stub.Create(creation(do="fail", preview=True)), await stub.Update(updating)

    created, updated = ask(thing, question)

    assert thing.asked == []
    assert (created.id, plain(updated.properties)) == ("", {"txn": 7})


def test_values_arrive_plain_and_come_back() -> None:
    thing = Thing()
    secret = {SIGNATURE: SECRET, "value": "hush"}

    created = ask(
        thing, lambda stub: stub.Create(creation(a=secret, n=4200000000, half=0.5, deep={"b": [1, secret]}))
    )

    assert thing.asked == [
        ("create", {"a": "hush", "n": 4200000000, "half": 0.5, "deep": {"b": [1, "hush"]}}, "lab", False)
    ]
    assert isinstance(thing.asked[0][1]["n"], int)
    assert (created.id, plain(created.properties)) == ("id", {"txn": 7})


def test_a_diff_compares_inputs_and_names_paths() -> None:
    request = provider_pb2.DiffRequest(
        urn=URN,
        old_inputs=struct({"leaf-1": "a", "leaf-2": "a"}),
        news=struct({"leaf-1": "a", "leaf-2": "b", "leaf-3": "c"}),
        olds=struct({"txn": 7}),
    )
    same = provider_pb2.DiffRequest(urn=URN, old_inputs=request.news, news=request.news, olds=struct({}))

    async def question(stub: Any) -> Any:
        return await stub.Diff(request), await stub.Diff(same)

    some, none = ask(Thing(), question)

    assert some.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(some.diffs) == ["leaf-2", "leaf-3"]
    assert sorted(some.detailedDiff) == ['["leaf-2"]["text"]', '["leaf-3"]["text"]']
    assert all(d.inputDiff and d.kind == provider_pb2.PropertyDiff.UPDATE for d in some.detailedDiff.values())
    assert list(some.replaces) == []
    assert none.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_what_check_refuses_is_a_failure_of_a_property() -> None:
    request = provider_pb2.CheckRequest(urn=URN, news=struct({"do": ""}))

    answer = ask(Thing(), lambda stub: stub.Check(request))

    assert [(f.property, f.reason) for f in answer.failures] == [("do", "it may not be empty")]


def test_a_failure_is_its_sentence_and_nothing_else() -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        ask(Thing(), lambda stub: stub.Create(creation(do="fail")))

    assert failed.value.details() == "leaf-1 did not answer"


def test_a_resource_that_nobody_knows_is_named() -> None:
    request = provider_pb2.CheckRequest(urn=URN.replace("Thing", "Nothing"), news=struct({}))

    with pytest.raises(grpc.aio.AioRpcError) as failed:
        ask(Thing(), lambda stub: stub.Check(request))

    assert failed.value.details() == "the provider knows no resource test:index:Nothing"


def test_a_partial_failure_carries_what_is_done() -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        ask(Thing(), lambda stub: stub.Create(creation(do="part")))

    metadata: Any = failed.value.trailing_metadata()
    trailing: dict[str, bytes] = dict(metadata)
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    carried = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(carried)
    assert (carried.id, plain(carried.properties), plain(carried.inputs)) == (
        "id",
        {"done": ["a"]},
        {"a": "1"},
    )
    assert list(carried.reasons) == ["leaf-2 did not answer", "leaf-3 too"]


def test_update_read_and_delete_get_the_record() -> None:
    thing = Thing()
    one, two, outputs = struct({"a": "1"}), struct({"a": "2"}), struct({"txn": 7})

    async def question(stub: Any) -> Any:
        updated = await stub.Update(
            provider_pb2.UpdateRequest(id="id", urn=URN, old_inputs=one, news=two, olds=outputs)
        )
        reads = [
            await stub.Read(provider_pb2.ReadRequest(id=i, urn=URN, inputs=one, properties=outputs))
            for i in ("id", "gone")
        ]
        await stub.Delete(provider_pb2.DeleteRequest(id="id", urn=URN, old_inputs=one, properties=outputs))
        return updated, *reads

    updated, found, gone = ask(thing, question)

    assert plain(updated.properties) == {"txn": 8}
    assert (found.id, plain(found.inputs), plain(found.properties)) == (
        "id",
        {"a": "1", "live": "id"},
        {"txn": 7},
    )
    assert gone.id == ""
    assert thing.asked == [
        ("update", {"a": "1"}, {"a": "2"}, {"txn": 7}),
        ("delete", "id", {"a": "1"}, {"txn": 7}),
    ]


def test_cancel_answers_when_what_runs_has_cleaned_up() -> None:
    thing = Thing()

    async def question(stub: Any) -> Any:
        running = asyncio.ensure_future(stub.Create(creation(do="wait")))
        while not thing.asked:
            await asyncio.sleep(0.01)

        await stub.Cancel(empty_pb2.Empty())
        assert thing.asked[-1] == ("restored",)
        with pytest.raises(grpc.aio.AioRpcError, match="everything is as it was"):
            await running

    ask(thing, question)


@pytest.mark.parametrize("way", ["handshake", "attach"])
def test_logs_reach_the_engine(way: str) -> None:
    engine = Engine()

    async def question(stub: Any) -> Any:
        async with listening(
            lambda server: engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
        ) as address:
            if way == "handshake":
                await stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address))
            else:
                await stub.Attach(plugin_pb2.PluginAttach(address=address))
            await stub.Create(creation(do="say"))

    ask(Thing(), question)

    assert [(r.message, r.urn, r.ephemeral) for r in engine.logged] == [("half of it is done", URN, True)]


def test_a_defect_of_ours_is_said_as_one_and_the_state_is_unknown() -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        ask(Thing(), lambda stub: stub.Create(creation(do="break")))

    assert failed.value.details() == "a defect of the provider: KeyError('leaf-9')"
    assert failed.value.code() == grpc.StatusCode.INTERNAL


def test_an_engine_that_attaches_is_not_cancelled_by_the_one_before() -> None:
    thing = Thing()

    async def question(stub: Any) -> Any:
        for _ in range(2):
            await stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
            await stub.Create(creation(do="stop?"))
            await stub.Cancel(empty_pb2.Empty())

    ask(thing, question)

    assert [a for a in thing.asked if a[0] == "stop"] == [("stop", False)] * 2


def test_a_line_that_cannot_be_delivered_fails_nothing() -> None:
    async def question(stub: Any) -> Any:
        await stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        return await stub.Create(creation(do="say"))

    assert ask(Thing(), question).id == "id"


def test_secrets_are_the_engines_to_mark() -> None:
    async def question(stub: Any) -> Any:
        return (
            await stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1")),
            await stub.Configure(provider_pb2.ConfigureRequest()),
        )

    shaken, configured = ask(Thing(), question)

    assert not shaken.accept_secrets, "a plain value would be recorded as plain"
    assert not configured.acceptSecrets


def test_inputs_that_are_computed_later_reach_no_resource() -> None:
    later = struct({"do": "", "same": "1", "leaf-1": {"text": UNKNOWN}})

    async def question(stub: Any) -> Any:
        checked = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=later))
        old = struct({"same": "1", "leaf-2": "a"})
        return checked, await stub.Diff(provider_pb2.DiffRequest(urn=URN, old_inputs=old, news=later))

    checked, differs = ask(Thing(), question)

    assert (list(checked.failures), plain(checked.inputs)) == ([], plain(later))
    assert sorted(differs.detailedDiff) == ['["do"]', '["leaf-1"]', '["leaf-2"]']


def test_unknowns_are_told_from_values() -> None:
    assert is_known({"a": [1, {"b": "x"}]})
    assert not is_known({"a": [1, {"b": UNKNOWN}]})
