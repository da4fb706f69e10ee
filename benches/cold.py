#!/usr/bin/env python3
"""CPU that the running gateway spends on a picture it has not made before.

    python3 benches/cold.py PID URL_WITH_%d [COUNT]

`%d` in the URL is replaced by 1, 2, 3 …, so that every request is another picture: for example
    http://127.0.0.1:8080/demo/image/upload/c_fill,w_300,h_300,x_%d/folder/photo.jpg
Prints the median and least CPU (user+sys, all threads) of five batches, in milliseconds a request. Linux only.
Standard library only.
"""
import http.client, os, statistics, sys, urllib.parse

pid, template = sys.argv[1], sys.argv[2]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 50
tick = os.sysconf("SC_CLK_TCK")


def cpu():
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / tick


url = urllib.parse.urlsplit(template)
connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)


def get(n):
    connection.request("GET", url.path.replace("%d", str(n)))
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        sys.exit(f"{response.status}: {response.getheader('x-cld-error')}")
    return len(body)


get(0)
batch, costs, size = max(1, count // 5), [], 0
for start in range(1, 5 * batch, batch):
    before = cpu()
    for n in range(start, start + batch):
        size = get(n)
    costs.append((cpu() - before) / batch * 1000)
print(f"{template}\t{5 * batch} requests\tmedian {statistics.median(costs):.1f} ms\tleast {min(costs):.1f} ms\t{size} bytes")
