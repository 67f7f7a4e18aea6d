"""A small web server for tests: /ready answers 200 while a file `ready` is there, /live until there is a file `dead`."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        wanted = {
            "/ready": os.path.exists("ready"),
            "/live": not os.path.exists("dead"),
            "/asked": self.headers.get("X-Asked") == "yes",
        }.get(self.path, True)
        self.send_response(200 if wanted else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    time.sleep(float(os.environ.get("START_SECONDS", "0")))
    ThreadingHTTPServer((os.environ["GENERALPROBE_POD_IP"], int(sys.argv[1])), Handler).serve_forever()
