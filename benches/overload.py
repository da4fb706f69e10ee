#!/usr/bin/env python3
"""Ten times more cold renderings than a gateway can do: what comes through, what it holds, when it is well again.

    overload.py BINARY [--seconds 60] [--factor 10]

Starts the gateway over the demo's pictures on a port of its own and ends it. Every rendering asked for is another one, so nothing is
cached; one cached picture is asked for beside them all the time, by a process of its own. The unloaded rate is the mean of a run before
the load and one after it, for a shared machine is seldom equally quick for a minute. Standard library only.

The crowd stands for other machines and shall not take the cores that it asks: it is niced, and one thread serves all its connections
(with a thread for each of them Python took an eighth of two cores). Prints its share beside the figures.
"""
import argparse, heapq, itertools, multiprocessing, os, pathlib, re, resource, selectors, socket, statistics, subprocess, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent.parent
HIT = "/demo/image/upload/c_fill,w_100,h_100/sample.jpg"
# Seconds between two hits.
CALM = 0.005


def cold(n):
    return f"/demo/image/upload/c_fill,w_{300 + n % 97},h_300,q_80,x_{n}/folder/photo.jpg"


def hit(_):
    return HIT


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


class Client:
    """A connection that is kept, and asks again only after its answer."""

    def __init__(self, port, events):
        self.port, self.events, self.socket, self.waits = port, events, None, False

    def ask(self, path, now):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.events.register(self.socket, selectors.EVENT_READ, self)
        self.start, self.seen, self.whole, self.waits = now, b"", None, True
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def read(self):
        """The status once the whole answer is here, 0 where the connection ended before, `None` while there is more to come."""
        try:
            chunk = self.socket.recv(1 << 18)
        except OSError:
            chunk = b""
        if not chunk:
            self.leave()
            return 0
        self.seen += chunk
        if self.whole is None and (end := self.seen.find(b"\r\n\r\n")) >= 0:
            self.whole = end + 4 + int(re.search(rb"\r\ncontent-length: *(\d+)", self.seen[: end + 2], re.I)[1])
        if self.whole is None or len(self.seen) < self.whole:
            return None
        return int(self.seen[9:12])

    def leave(self):
        if self.socket:
            self.events.unregister(self.socket)
            self.socket.close()
            self.socket = None


def several(port, seconds, clients, make, waits, first, nice, out):
    """A process of clients, for so long. `waits` are the seconds that one waits after an answer and after a refusal. Sends the
    seconds of CPU that all this took, and what was seen: (status, seconds)."""
    os.nice(nice)
    numbers, seen, end = itertools.count(first), [], time.perf_counter() + seconds
    with selectors.DefaultSelector() as events:
        everyone = [Client(port, events) for _ in range(clients)]
        # When each asks again, soonest first; the number parts those that do at once.
        asleep = [(0.0, n) for n in range(clients)]
        number = {client: n for n, client in enumerate(everyone)}
        while (now := time.perf_counter()) < end:
            while asleep and asleep[0][0] <= now:
                everyone[heapq.heappop(asleep)[1]].ask(make(next(numbers)), now)
            until = min(asleep[0][0], end) if asleep else end
            for key, _ in events.select(max(0, until - time.perf_counter())):
                client = key.data
                status = client.read()
                # An idle connection that was closed is opened again when it is needed.
                if status is None or not client.waits:
                    continue
                now, client.waits = time.perf_counter(), False
                seen.append((status, now - client.start))
                heapq.heappush(asleep, (now + waits[status != 200], number[client]))
        for client in everyone:
            client.leave()
    used = resource.getrusage(resource.RUSAGE_SELF)
    out.put((used.ru_utime + used.ru_stime, seen))


def run(port, seconds, clients, pause, first):
    """The crowd's CPU and answers, and the answers to hits beside it."""
    crowd, calm = multiprocessing.Queue(), multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=several, args=(port, seconds, clients, cold, (0, pause), first, 10, crowd)),
        multiprocessing.Process(target=several, args=(port, seconds, 1, hit, (CALM, CALM), 0, 0, calm)),
    ]
    for process in processes:
        process.start()
    (used, seen), (_, hits) = crowd.get(), calm.get()
    for process in processes:
        process.join()
    return used, seen, hits


def rendered(seen, seconds):
    return sum(status == 200 for status, _ in seen) / seconds


def p99(seen):
    times = sorted(took for status, took in seen if status == 200)
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
        # Each run asks for pictures that none before it has asked for.
        firsts = itertools.count(0, 10_000_000)
        run(gateway.port, 2, cores, 0, next(firsts))  # warm
        span = max(5, options.seconds / 6)
        _, before, calm = run(gateway.port, span, cores, 0, next(firsts))
        peak, watching = [0.0], threading.Event()

        def watch():
            while not watching.is_set():
                peak[0] = max(peak[0], gateway.resident())
                time.sleep(0.05)
        watcher = threading.Thread(target=watch)
        watcher.start()
        # Each client waits for its answer and comes again a second after a refusal, as Retry-After says, so it takes
        # many clients to ask ten times as much.
        clients = int(rendered(before, span) * options.factor)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        used, loaded, busy = run(gateway.port, options.seconds, clients, 1.0, next(firsts))
        watching.set()
        watcher.join()
        start = time.perf_counter()
        with selectors.DefaultSelector() as events:
            one = Client(gateway.port, events)
            one.ask(cold(next(firsts)), start)
            while (status := one.read()) is None:
                pass
            one.leave()
        well = time.perf_counter() - start if status == 200 else float("nan")
        _, after, _ = run(gateway.port, span, cores, 0, next(firsts))
        rate = (rendered(before, span) + rendered(after, span)) / 2
        good = rendered(loaded, options.seconds)
        statuses = {status: sum(own == status for own, _ in loaded) for status in sorted({own for own, _ in loaded})}
        print(f"unloaded renderings a second\t{rate:.1f}\t({rendered(before, span):.1f} before, {rendered(after, span):.1f} after)")
        print(f"asked for under load, a second\t{len(loaded) / options.seconds:.1f}\t({clients} clients)")
        print(f"rendered under load, a second\t{good:.1f}\t({good / rate:.0%} of unloaded)")
        print(f"answers by status\t{statuses}")
        print(f"p99 of hits, ms\t{p99(calm):.1f} unloaded\t{p99(busy):.1f} loaded\t(median {statistics.median(t for _, t in busy) * 1e3:.1f})")
        print(f"resident, MiB\t{peak[0]:.0f} at most")
        print(f"first rendering after the load, s\t{well:.2f}")
        print(f"the crowd's own share of the cores\t{used / options.seconds / cores:.1%}")
    finally:
        gateway.close()


main()
