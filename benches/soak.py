#!/usr/bin/env python3
"""Millions of mixed requests: does a gateway hold as much at the end as after the first tenth?

    soak.py BINARY [--millions 10] [--connections 32]

Starts the gateway over the demo's pictures on a port of its own and ends it. wrk asks for hits, new pictures, 304, ranges, missing files and
broken URLs; beside it clients connect and hang up in the midst of heads, bodies and renderings.

The caches are so small (2 MiB in memory, 4 MiB on disk) and new pictures so many (one request of 200) that both overflow well within the first
tenth of ten million: what is compared with later is a gateway that is full. Prints requests so far, resident megabytes, the bytes of both caches,
what the store has removed, and statuses after each tenth. Needs wrk (a Debian package); otherwise the standard library.
"""
import argparse, itertools, pathlib, random, re, socket, subprocess, tempfile, threading, time, urllib.request

# Seconds without a request before memory is read: what renderings take while they go on depends on which ones do.
REST = 5

HERE = pathlib.Path(__file__).resolve().parent.parent

# Of a hundred requests: 60 hits, 10 not modified, 10 ranges, 10 missing, 5 broken, 3 of many pictures, 2 hits again or a picture asked for never
# before: one of two hundred, numbered on from one run of wrk to the next.
# wrk waits for the body of an answer to HEAD: those are asked by the clients that hang up.
MIX = """
local hit = "/demo/image/upload/c_fill,w_100,h_100/sample.jpg"
local n = 0
local fresh = 0
init = function(arguments) fresh = tonumber(arguments[1]) end
request = function()
  n = n + 1
  local k = n % 100
  if k < 60 then return wrk.format("GET", hit) end
  if k < 70 then return wrk.format("GET", hit, {["If-Modified-Since"] = "Fri, 31 Dec 2100 00:00:00 GMT"}) end
  if k < 80 then return wrk.format("GET", hit, {["Range"] = "bytes=10-99"}) end
  if k < 90 then return wrk.format("GET", "/demo/image/upload/w_10/none" .. n % 5000 .. ".jpg") end
  if k < 95 then return wrk.format("GET", "/demo/image/upload/w_nothing" .. n % 5000 .. "/sample.jpg") end
  if k < 98 then return wrk.format("GET", "/demo/image/upload/w_" .. 20 + n % 97 .. "/sample.jpg") end
  if n % 200 == 198 then
    fresh = fresh + 1
    return wrk.format("GET", "/demo/image/upload/c_fill,w_" .. 20 + fresh % 80 .. ",h_40,x_" .. fresh .. "/sample.jpg")
  end
  return wrk.format("GET", hit)
end
"""


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def counted(admin):
    """Answers by status class, and what caches hold, from /metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics") as answer:
        text = answer.read().decode()
    number = lambda name: int(re.search(rf"^{name} (\d+)", text, re.M)[1])
    kept = [number("cldgate_cache_bytes"), number("cldgate_store_bytes"), number("cldgate_store_evicted_total")]
    classes = {}
    for status, count in re.findall(r'cldgate_requests_total\{[^}]*status="(\dxx)"\} (\d+)', text):
        classes[status] = classes.get(status, 0) + int(count)
    return classes, kept


def hang_up(port, stop, rest):
    """Leaves in the midst of a head, of an answer, and of a rendering."""
    while not stop.is_set():
        if rest.is_set():
            time.sleep(0.1)
            continue
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                kind = random.randrange(3)
                path = "/demo/image/upload/c_fill,w_100,h_100/sample.jpg"
                if kind == 2:
                    path = f"/demo/image/upload/c_fill,w_{random.randrange(300, 900)},h_300,x_{random.randrange(10**9)}/folder/photo.jpg"
                method = random.choice(["GET", "HEAD"])
                head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
                connection.sendall(head.encode() if kind == 0 else (head + "\r\n").encode())
                if kind == 1:
                    connection.recv(100)
        except OSError:
            pass
        time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "cldgate.toml")
        config.write_text(
            'listen = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n[log]\naccess = false\n'
            f"[cache]\nmemory = '2MiB'\nstore = '{folder}/store'\nstore_size = '4MiB'\n"
            f"[[origin]]\nname = 'photos'\nkind = 'cloudinary_backup'\npath = '{HERE}/examples/photos'\nfolder = 'res/demo'\n"
            "[[endpoint]]\nname = 'demo'\nprefix = '/demo'\norigins = ['photos']\n")
        script = pathlib.Path(folder, "mix.lua")
        script.write_text(MIX)
        gateway = subprocess.Popen([options.binary, "serve", "--config", config], stdout=subprocess.PIPE, text=True)
        stop, rest = threading.Event(), threading.Event()
        leavers = []
        try:
            ports = []
            while len(ports) < 2:
                ports += [int(port) for port in re.findall(r"http://[^ ]*:(\d+)", gateway.stdout.readline())]
            port, admin = ports[:2]
            leavers = [threading.Thread(target=hang_up, args=(port, stop, rest)) for _ in range(4)]
            for leaver in leavers:
                leaver.start()
            wanted, held = options.millions * 1e6, []
            print("requests\tresident MB\tmemory\tstore\tremoved\tby status")
            for run in itertools.count():
                subprocess.run(["wrk", "-t1", f"-c{options.connections}", "-d5s", "-s", script, f"http://127.0.0.1:{port}/", "--", str(run * 1_000_000)],
                               check=True, stdout=subprocess.DEVNULL)
                classes, kept = counted(admin)
                done = sum(classes.values())
                if done >= wanted * (len(held) + 1) / 10:
                    rest.set()
                    time.sleep(REST)
                    held.append(resident(gateway.pid))
                    rest.clear()
                    print(f"{done}\t{held[-1]:.1f}\t{kept[0]}\t{kept[1]}\t{kept[2]}\t{classes}", flush=True)
                if done >= wanted:
                    break
            print(f"at the end {held[-1] / held[0]:.3f} times what it held after a tenth")
        finally:
            stop.set()
            for leaver in leavers:
                leaver.join()
            gateway.terminate()
            gateway.wait(30)


if __name__ == "__main__":
    main()
