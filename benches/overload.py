#!/usr/bin/env python3
"""Ten times more cold renderings than a gateway can do: what comes through, what it holds, when it is well again.

    overload.py BINARY [--seconds 60] [--factor 10]

Starts the gateway over the demo's pictures on a port of its own and ends it. Every rendering asked for is another one, so
nothing is cached; one cached picture is asked for beside them all the time, by a process of its own: in that of the crowd it
would wait for hundreds of threads of Python's, and not for the gateway. The crowd is niced, for it stands for other machines
and shall not take the cores that it asks. Prints a line for each figure. Standard library only.
"""
import argparse, http.client, itertools, multiprocessing, os, pathlib, re, statistics, subprocess, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent.parent
HIT = "/demo/image/upload/c_fill,w_100,h_100/sample.jpg"
COUNTER = itertools.count()


def cold():
    n = next(COUNTER)
    return f"/demo/image/upload/c_fill,w_{300 + n % 97},h_300,q_80,x_{n}/folder/photo.jpg"


class Gateway:
    def __init__(self, binary):
        self.folder = tempfile.TemporaryDirectory()
        config = pathlib.Path(self.folder.name, "cldgate.toml")
        config.write_text(
            'listen = "127.0.0.1:0"\n[log]\naccess = false\n'
            f"[[origin]]\nname = 'photos'\nkind = 'cloudinary_backup'\npath = '{HERE}/examples/photos'\nfolder = 'res/demo'\n"
            "[[endpoint]]\nname = 'demo'\nprefix = '/demo'\norigins = ['photos']\n")
        self.process = subprocess.Popen([binary, "serve", "--config", config], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)\s*$", line)[1])

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()


def client(port, stop, make, pause, out):
    """Asks until told to stop; appends (status, seconds, when it ended)."""
    connection = None
    while not stop.is_set():
        start = time.perf_counter()
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", make())
            response = connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            connection, status = None, 0
        end = time.perf_counter()
        out.append((status, end - start, end))
        if pause and status != 200:
            time.sleep(pause)
        elif make is hit:
            time.sleep(0.005)


def hit():
    return HIT


def several(port, seconds, clients, make, pause, first, nice, out):
    """A process of clients, for so long; sends what they saw."""
    global COUNTER
    COUNTER = itertools.count(first)
    os.nice(nice)
    stop, seen = threading.Event(), []
    threads = [threading.Thread(target=client, args=(port, stop, make, pause, seen)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    out.put(seen)


def run(port, seconds, clients, pause):
    crowd, calm = multiprocessing.Queue(), multiprocessing.Queue()
    # Pictures that no run before has asked for.
    first = next(COUNTER) * 1_000_000
    processes = [
        multiprocessing.Process(target=several, args=(port, seconds, clients, cold, pause, first, 10, crowd)),
        multiprocessing.Process(target=several, args=(port, seconds, 1, hit, 0, 0, 0, calm)),
    ]
    for process in processes:
        process.start()
    seen = crowd.get(), calm.get()
    for process in processes:
        process.join()
    return seen


def p99(samples):
    times = sorted(took for status, took, _ in samples if status == 200)
    return times[int(len(times) * 0.99)] * 1e3 if times else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--factor", type=int, default=10)
    options = parser.parse_args()
    gateway = Gateway(options.binary)
    try:
        cores = os.cpu_count() or 1
        run(gateway.port, 2, cores, 0)  # warm
        unloaded, calm = run(gateway.port, max(5, options.seconds / 6), cores, 0)
        span = max(5, options.seconds / 6)
        rate = sum(status == 200 for status, _, _ in unloaded) / span
        peak, watching = [0.0], threading.Event()

        def watch():
            while not watching.is_set():
                peak[0] = max(peak[0], gateway.resident())
                time.sleep(0.05)
        watcher = threading.Thread(target=watch)
        watcher.start()
        # Each client waits for its answer and comes again a second after a refusal, as Retry-After says, so it takes
        # many clients to ask ten times as much.
        clients = int(rate * options.factor)
        loaded, busy = run(gateway.port, options.seconds, clients, 1.0)
        watching.set()
        watcher.join()
        good = sum(status == 200 for status, _, _ in loaded) / options.seconds
        start = time.perf_counter()
        after = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        after.request("GET", cold())
        answer = after.getresponse()
        answer.read()
        well = time.perf_counter() - start if answer.status == 200 else float("nan")
        statuses = {status: sum(own == status for own, _, _ in loaded) for status in sorted({own for own, _, _ in loaded})}
        print(f"unloaded renderings a second\t{rate:.1f}")
        print(f"asked for under load, a second\t{len(loaded) / options.seconds:.1f}\t({clients} clients)")
        print(f"rendered under load, a second\t{good:.1f}\t({good / rate:.0%} of unloaded)")
        print(f"answers by status\t{statuses}")
        print(f"p99 of hits, ms\t{p99(calm):.1f} unloaded\t{p99(busy):.1f} loaded\t(median {statistics.median(t for _, t, _ in busy) * 1e3:.1f})")
        print(f"resident, MiB\t{peak[0]:.0f} at most")
        print(f"first rendering after the load, s\t{well:.2f}")
    finally:
        gateway.close()


main()
