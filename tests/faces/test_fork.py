"""After a fork the child has no thread of ours: it starts its own, and the parent notices nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import WatchedSimulator
    from tests.faces.conftest import Program, Script

IN_CHILD = """
    import asyncio, os, sys, threading
    from grokkit import AsyncGrok, Grok
    from grokkit.errors import StreamNotOpen

    def in_child(work):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            work()
            sys.exit(0)
        return pid

    def end(pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    grok = Grok()
"""


def test_a_client_is_used_before_the_fork_and_after_it_by_both_at_once(
    program: Callable[[str], Program], sim: WatchedSimulator
) -> None:
    script = program(
        IN_CHILD
        + """
    print(grok.ask("before"), threading.active_count())
    def work():
        assert threading.active_count() == 1
        for number in range(20):
            assert grok.ask(f"child {number}").text == f"child {number}"
        assert threading.active_count() == 2
    children = [in_child(work) for _ in range(3)]
    for number in range(20):
        assert grok.ask(f"parent {number}").text == f"parent {number}"
    print([end(child) for child in children])
    """
    )

    assert script.end() == (0, ["before 2", "[0, 0, 0]"], "")
    assert len(sim.connections) == 4  # one for each process


def test_a_client_that_was_only_made_is_first_used_in_the_child(program: Callable[[str], Program]) -> None:
    script = program(
        IN_CHILD
        + """
    child = in_child(lambda: print(grok.ask("plain")))
    print(end(child), threading.active_count())
    """
    )

    assert script.end() == (0, ["plain", "0 1"], "")


def test_a_child_forks_too(program: Callable[[str], Program]) -> None:
    script = program(
        IN_CHILD
        + """
    grok.ask("parent")
    def work():
        grok.ask("child")
        assert end(in_child(lambda: print(grok.ask("grandchild")))) == 0
        print(grok.ask("child"))
    assert end(in_child(work)) == 0
    print(grok.ask("parent"))
    """
    )

    assert script.end() == (0, ["grandchild", "child", "parent"], "")


def test_multiprocessing_forks(program: Callable[[str], Program]) -> None:
    script = program("""
        import multiprocessing
        from grokkit import Grok
        grok = Grok()
        def ask(number):
            return grok.ask(f"after the parent, {number}").text
        if __name__ == "__main__":
            print(grok.ask("before"))
            with multiprocessing.get_context("fork").Pool(3) as pool:
                answers = pool.map_async(ask, range(1, 7))
                print(grok.ask("the parent"))
                print(answers.get())
                pool.close()
                pool.join()
    """)

    status, lines, complaints = script.end()

    assert (status, complaints) == (0, "")
    assert lines == ["before", "the parent", str([f"after the parent, {number}" for number in range(1, 7)])]


def test_the_parent_s_stream_runs_on_undisturbed(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program(
        IN_CHILD
        + """
    with grok.stream("events 3000") as stream:
        texts = stream.text()
        first = next(texts)
        def work():
            print(f"{grok.ask('plain')}\\n", end="")  # in one write: the others print too
        children = [in_child(work) for _ in range(3)]
        rest = list(texts)
    print([end(child) for child in children])
    print([first, *rest] == [f"{number} " for number in range(3000)], stream.complete)
    """
    )

    assert script.end() == (0, ["plain"] * 3 + ["[0, 0, 0]", "True True"], "")
    assert not any(call.disconnected for call in sim.calls)


def test_a_stream_of_the_parent_is_refused_in_the_child_and_left_alone(
    program: Callable[[str], Program], script: Script, sim: WatchedSimulator
) -> None:
    running = program(
        IN_CHILD
        + """
    with grok.stream("events 3 then wait") as stream:
        assert next(stream.text()) == "0 "
        def work():
            try:
                list(stream)
            except StreamNotOpen as error:
                print(error.message)
            stream.close()
            # and `with` is left by sys.exit
        pid = in_child(work)
        assert end(pid) == 0
        print("the child has ended", flush=True)
        print(list(stream.text())[-1], stream.complete)
    """
    )

    told = [running.says(), running.says()]
    script.go_on()

    assert told == ["this stream was opened by the parent of this process, which still reads it", "the child has ended"]
    assert running.end() == (0, ["2  True"], "")
    assert not any(call.disconnected for call in sim.calls)


def test_a_client_is_closed_by_parent_and_child(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program(
        IN_CHILD
        + """
    with grok:
        grok.ask("before")
        assert end(in_child(lambda: None)) == 0  # leaves the block by sys.exit
        print(grok.ask("after"))
    """
    )

    assert script.end() == (0, ["after"], "")
    assert len(sim.connections) == 1


def test_a_fork_while_another_thread_is_in_a_call(program: Callable[[str], Program], sim: WatchedSimulator) -> None:
    script = program(
        IN_CHILD
        + """
    thread = threading.Thread(target=lambda: print(grok.ask("after the end")))
    thread.start()
    assert grok.ask("after after the end").text
    assert end(in_child(lambda: print(grok.ask("child")))) == 0
    print(grok.ask("parent"))
    assert grok.ask("the end").text
    thread.join()
    """
    )

    assert script.end() == (0, ["child", "parent", "after the end"], "")
    assert not any(call.disconnected for call in sim.calls)


def test_a_fork_while_another_thread_holds_the_portal_s_lock(program: Callable[[str], Program]) -> None:
    script = program(
        IN_CHILD
        + """
    from grokkit import _portal
    held, release = threading.Event(), threading.Event()
    def hold():
        with _portal._lock:
            held.set()
            release.wait()
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    assert end(in_child(lambda: print(grok.ask("child")))) == 0
    release.set()
    thread.join()
    print(grok.ask("parent"))
    """
    )

    assert script.end() == (0, ["child", "parent"], "")


def test_a_fork_in_a_thread_and_in_a_hook(program: Callable[[str], Program]) -> None:
    script = program(
        IN_CHILD
        + """
    children = []
    def fork():
        children.append(in_child(lambda: (print(Grok().ask("child")), sys.stdout.flush(), os._exit(0))))
    def hook(event):
        if type(event).__name__ == "CallStarted":
            fork()
    grok.ask("plain")
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    print([end(child) for child in children])
    Grok(hooks=[hook]).ask("plain")
    print([end(child) for child in children[1:]])
    """
    )

    assert script.end() == (0, ["child", "[0]", "child", "[0]"], "")


def test_an_async_client_is_used_by_parent_and_child(
    program: Callable[[str], Program], script: Script, sim: WatchedSimulator
) -> None:
    running = program(
        IN_CHILD
        + """
    grok = AsyncGrok()
    async def main():
        print(await grok.ask("before"))
        async with grok.stream("events 3 then wait") as stream:
            print(await anext(stream.text()))
            def work():
                print(asyncio.run(grok.ask("child")))
                sys.stdout.flush()
                os._exit(0)
            assert end(in_child(work)) == 0
            print("the child has ended", flush=True)
            print([text async for text in stream.text()])
        print(await grok.ask("after"))
    asyncio.run(main(), debug=False)
    """
    )

    told = [running.says() for _ in range(4)]
    script.go_on()

    assert told == ["before", "0 ", "child", "the child has ended"]
    assert running.end() == (0, ["['1 ', '2 ']", "after"], "")
    assert not any(call.disconnected for call in sim.calls)


def test_an_async_client_of_a_loop_that_is_over_is_used_by_parent_and_child(program: Callable[[str], Program]) -> None:
    script = program(
        IN_CHILD
        + """
    grok = AsyncGrok()
    loop = asyncio.new_event_loop()
    print(loop.run_until_complete(grok.ask("before")))
    child = in_child(lambda: print(asyncio.run(grok.ask("child"))))
    assert end(child) == 0
    print(loop.run_until_complete(grok.ask("after")))
    loop.run_until_complete(grok.close())
    loop.close()
    """
    )

    assert script.end() == (0, ["before", "child", "after"], "")


PREFORK = """
    import os, signal, socket, sys, threading
    from grokkit import Grok

    grok = Grok()           # the application is loaded before the fork ("preload"),
    assert grok.ask("warm-up")  # and has made calls

    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with listening:
            while True:
                connection, _ = listening.accept()
                with connection:
                    asked = connection.recv(100).decode()
                    connection.sendall(f"{os.getpid()} {grok.ask(asked)}".encode())

    workers = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            serve()
        workers.append(pid)

    answers, asking = [], []
    def ask(number):
        with socket.create_connection(listening.getsockname()) as connection:
            connection.sendall(f"3 together, {number}".encode())
            answers.append(connection.makefile().read().partition(" "))
    for number in range(30):
        asking.append(threading.Thread(target=ask, args=(number,)))
        asking[-1].start()
        grok.ask("the parent calls as well")
    for thread in asking:
        thread.join()
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    listening.close()
    print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in workers])
    print(len({pid for pid, _, _ in answers}), sorted(text for _, _, text in answers)[:2])
"""


@pytest.mark.parametrize("serving", ["idle", "busy"])
def test_a_server_that_forks_its_workers_after_loading_the_application(
    serving: str, program: Callable[[str], Program]
) -> None:
    busy = "threading.Thread(target=lambda: grok.ask('hang'), daemon=True).start(); grok.ask('after hang')"
    script = program(
        PREFORK.replace("workers = []", busy + "\n    workers = []" if serving == "busy" else "workers = []")
    )

    assert script.end() == (0, ["[0, 0, 0]", "3 ['3 together, 0', '3 together, 1']"], "")
