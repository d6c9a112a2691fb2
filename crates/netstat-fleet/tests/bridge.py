"""Speaks HTTP as a ClickHouse server does, with the engine of chdb in this process: bridge.py FOLDER.

Prints the port that it listens on. Stops when its standard input ends.
"""
import gzip
import http.server
import os
import sys
import threading
import urllib.parse

from chdb import session

folder = sys.argv[1]
engine = session.Session(os.path.join(folder, "engine"))
lock = threading.Lock()
numbers = iter(range(1 << 30))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = urllib.parse.urlsplit(self.path)
        parameters = dict(urllib.parse.parse_qsl(asked.query))
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            with lock:
                answer = self.ask(parameters, body)
            status = 200
        except Exception as error:  # what the engine says of an error is its answer
            answer, status = str(error).encode(), 500
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def ask(self, parameters, body):
        database = parameters.get("database", "default")
        if database != "default":
            engine.query("USE " + database)
        query = parameters.get("query")
        if query is None:
            sql = body.decode()
        else:
            path = os.path.join(folder, "rows-%d" % next(numbers))
            with open(path, "wb") as rows:
                rows.write(body)
            sql = query.replace(" FORMAT ", " FROM INFILE '%s' FORMAT " % path)
        form = "TabSeparated"
        for name in ("RowBinary", "TabSeparated"):
            if query is None and sql.rstrip().endswith("FORMAT " + name):
                form = name
                sql = sql.rstrip()[: -len("FORMAT " + name)]
        answer = engine.query(sql, form)
        if query is not None:
            os.unlink(path)
        return answer.bytes() if answer is not None else b""

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
engine.close()
os._exit(0)
