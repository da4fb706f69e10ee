"""What Chromium's own decoders show: every frame of a file, through a page that hands the pixels back."""
import base64
import http.server
import json
import shutil
import subprocess
import tempfile
import threading

import numpy as np

PAGE = b"""<!doctype html><script>
const text = bytes => { let s = ''; for (let n = 0; n < bytes.length; n += 32768)
  s += String.fromCharCode(...bytes.subarray(n, n + 32768)); return btoa(s); };
async function frames({type, data}) {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  const decoder = new ImageDecoder({type, data: bytes, premultiplyAlpha: 'none', colorSpaceConversion: 'none'});
  await decoder.tracks.ready;
  await decoder.completed;
  const track = decoder.tracks.selectedTrack, out = [];
  for (let n = 0; n < track.frameCount; n++) {
    const {image} = await decoder.decode({frameIndex: n});
    const pixels = new Uint8Array(image.codedWidth * image.codedHeight * 4);
    await image.copyTo(pixels, {format: 'RGBA', rect: {x: 0, y: 0, width: image.codedWidth, height: image.codedHeight}});
    out.push([image.codedWidth, image.codedHeight, image.duration, text(pixels)]);
    image.close();
  }
  return {plays: track.repetitionCount, frames: out};
}
(async () => {
  for (;;) {
    const job = await (await fetch('/next')).json();
    if (job.done) break;
    let answer;
    try { answer = await frames(job); } catch (error) { answer = {error: String(error)}; }
    await fetch('/answer', {method: 'POST', body: JSON.stringify(answer)});
  }
})();
</script>"""

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--force-color-profile=srgb"]


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """Asks one file after the other."""

    def __enter__(self):
        self.job, self.answer = None, None
        self.wanted, self.given = threading.Semaphore(0), threading.Semaphore(0)
        browser = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def say(self, body, kind):
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path != "/next":
                    return self.say(PAGE, "text/html")
                browser.wanted.acquire()
                self.say(json.dumps(browser.job).encode(), "application/json")

            def do_POST(self):
                browser.answer = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.say(b"", "text/plain")
                browser.given.release()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.profile = tempfile.mkdtemp()
        address = f"http://127.0.0.1:{self.server.server_port}/"
        command = [program(), *FLAGS, f"--user-data-dir={self.profile}", "--remote-debugging-port=0", address]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.server.shutdown()
        shutil.rmtree(self.profile, ignore_errors=True)

    def frames(self, file, kind):
        """Frames as RGBA, milliseconds, and how often all are played, 0 for ever."""
        self.job = {"type": kind, "data": base64.b64encode(file).decode()}
        self.wanted.release()
        if not self.given.acquire(timeout=60):
            raise RuntimeError("Chromium gives no answer")
        if "error" in self.answer:
            raise RuntimeError(self.answer["error"])
        shown, delays = [], []
        for width, height, duration, pixels in self.answer["frames"]:
            shown.append(np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4))
            delays.append((duration or 0) / 1000)
        again = self.answer["plays"]
        return shown, delays, 0 if again in (None, float("inf")) else int(again) + 1
