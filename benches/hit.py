"""CPU a request of an answer from a cache: cldgate, a bare hyper server that sends the same bytes, nginx.

    python3 benches/hit.py CLDGATE BARE [--seconds 5] [--rounds 5] [--access] [--disk N]

CLDGATE and BARE are the two binaries. Servers run on core 0, wrk -c 64 on core 1; rounds alternate between the
servers, medians of user + system CPU time a request are printed, with ratios. `--disk N` asks for N different
pictures from the derived store with almost no memory, against nginx serving N files.
"""

import argparse, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pids):
    """User + system seconds of processes so far, threads included."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def start(command, **options):
    return subprocess.Popen(["taskset", "-c", "0", *map(str, command)], **options)


def wait_for(url):
    for _ in range(200):
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"no answer from {url}")


def wrk(url, seconds, script=None):
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s"]
    if script:
        command += ["-s", script]
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if re.search(r"Non-2xx", out):
        sys.exit(out)
    return int(re.search(r"(\d+) requests in", out)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cldgate")
    parser.add_argument("bare")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--access", action="store_true", help="with the access log")
    parser.add_argument("--disk", type=int, default=0, help="this many pictures from the derived store")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cldgate-hit-"))
    running = []
    try:
        measure(options, folder, running)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait()
        shutil.rmtree(folder)


def measure(options, folder, running):
    config = folder / "cldgate.toml"
    memory = "256MiB" if not options.disk else "64KiB"
    config.write_text(f"""
listen = "127.0.0.1:18080"
[log]
access = {str(options.access).lower()}
[cache]
memory = "{memory}"
{f'store = "{folder}/store"' if options.disk else ''}
[[origin]]
name = "photos"
kind = "cloudinary_backup"
path = "{ROOT}/examples/photos"
folder = "res/demo"
[[endpoint]]
name = "demo"
prefix = "/demo"
origins = ["photos"]
""")
    log = open(folder / "log", "w")
    gate = start([options.cldgate, "serve", "--config", config], stdout=log, stderr=log)
    running.append(gate)
    count = max(1, options.disk)
    path = "/demo/image/upload/c_fill,w_%d,h_270,q_83/folder/photo.jpg"
    targets = [path % (400 + n) for n in range(count)]
    wait_for(f"http://127.0.0.1:18080{targets[0]}")
    files = folder / "files"
    for target in targets:
        place = files / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(wait_for(f"http://127.0.0.1:18080{target}"))
    answer = urllib.request.urlopen(f"http://127.0.0.1:18080{targets[0]}")
    body = folder / "body"
    body.write_bytes(answer.read())
    headers = folder / "headers"
    headers.write_text("".join(f"{k}: {v}\n" for k, v in answer.getheaders() if k not in ("date", "content-length", "connection")))
    sizes = f"{body.stat().st_size} bytes, {len(answer.getheaders())} headers, X-Cache {answer.headers['x-cache']}"

    running.append(start([options.bare, "127.0.0.1:18081", body, headers], stdout=log, stderr=log))
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  types {{ image/jpeg jpg; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:18082; root {files}; }}
}}
""")
    nginx = None
    if shutil.which("nginx"):
        os.chmod(folder, 0o755)
        nginx = start(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"], stdout=log, stderr=log)
        running.append(nginx)
        wait_for(f"http://127.0.0.1:18082{targets[0]}")
    else:
        print("nginx is not installed: left out")
    wait_for("http://127.0.0.1:18081/")

    script = None
    if options.disk:
        script = folder / "urls.lua"
        listed = ",".join(f'"{t}"' for t in targets)
        script.write_text(f"local t = {{{listed}}}\nlocal i = 0\nrequest = function() i = i % #t + 1; return wrk.format('GET', t[i]) end\n")

    servers = {"cldgate": (18080, [gate.pid]), "bare hyper": (18081, [running[1].pid])}
    if nginx:
        children = Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text().split()
        servers["nginx"] = (18082, [nginx.pid, *map(int, children)])
    costs = {name: [] for name in servers}
    for name, (port, _) in servers.items():
        wrk(f"http://127.0.0.1:{port}{targets[0]}", 1, script)
    for _ in range(options.rounds):
        for name, (port, pids) in servers.items():
            before = cpu(pids)
            requests = wrk(f"http://127.0.0.1:{port}{targets[0]}", options.seconds, script)
            costs[name].append(1e6 * (cpu(pids) - before) / requests)
    print(sizes)
    ours = costs["cldgate"]
    for name, all_costs in costs.items():
        ratios = [own / other for own, other in zip(ours, all_costs)]
        print(f"{name:11} {statistics.median(all_costs):6.2f} us CPU a request   cldgate is {statistics.median(ratios):.2f} times this")


main()
