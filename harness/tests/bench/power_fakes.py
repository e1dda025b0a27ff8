"""Switches to try the drivers on: a server that is a Shelly, a Tasmota or anything, and programs that talk as the real ones."""

import hashlib
import json
import re
import stat
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

PASSWORD = "pass word/&?"
NONCE = "60dc59c6"
REALM = "shellyplus1-a8032abe54dc"


class Behind:
    """What hangs on the switch, and what the server does: ``answer(request, path, query)`` gives status, headers, body."""

    def __init__(self, answer):
        self.on = False
        self.stuck = False
        self.seen = []
        self._answer = answer

    def turn(self, on):
        if not self.stuck:
            self.on = on

    def answer(self, request):
        split = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(split.query).items()}
        return self._answer(self, request, split.path, query)


@contextmanager
def served(answer):
    """(host:port, Behind) of a server of this machine."""
    behind = Behind(answer)

    class Handler(BaseHTTPRequestHandler):
        def do(self):  # one for all methods
            length = int(self.headers.get("Content-Length", 0))
            self.body = self.rfile.read(length).decode()
            behind.seen.append((self.command, self.path, self.headers.get("Authorization"), self.body))
            status, headers, body = behind.answer(self)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((body if isinstance(body, str) else json.dumps(body)).encode())

        do_GET = do_POST = do_PUT = do  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", behind
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shelly_1(behind, request, path, query):
    """Gen1 (the answer of /shelly is a Shelly 1's, pastebin.com/Xma9epmT)."""
    if path == "/shelly":
        about = {"type": "SHSW-1", "mac": "C45BBE78A8A4", "auth": True, "fw": "20191217-140757", "num_outputs": 1}
        return 200, {}, about
    if request.headers.get("Authorization") != "Basic YWRtaW46cGFzcyB3b3JkLyY/":
        return 401, {"WWW-Authenticate": 'Basic realm="shelly"'}, "401 Unauthorized"
    if path != "/relay/0":
        return 404, {}, "Not Found"
    if "turn" in query:
        behind.turn(query["turn"] == "on")
    return 200, {}, {"ison": behind.on, "has_timer": False, "timer_started": 0, "source": "http"}


def shelly_2(behind, request, path, query):
    """Gen2 and later, with a login."""
    if path == "/shelly":
        return 200, {}, {"id": REALM, "mac": "A8032ABE54DC", "model": "SNSW-001X16EU", "gen": 2, "auth_en": True}
    if not _digest_right(request):
        challenge = f'Digest qop="auth", realm="{REALM}", nonce="{NONCE}", algorithm=SHA-256'
        return 401, {"WWW-Authenticate": challenge}, ""
    if query.get("id") != "0":
        return 500, {}, {"code": -105, "message": f"Argument 'id', value {query.get('id')} not found!"}
    if path == "/rpc/Switch.Set":
        before = behind.on
        behind.turn(query["on"] == "true")
        return 200, {}, {"was_on": before}
    if path == "/rpc/Switch.GetStatus":
        return 200, {}, {"id": 0, "source": "http", "output": behind.on, "temperature": {"tC": 47.4, "tF": 117.4}}
    return 404, {}, ""


def _digest_right(request):
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', request.headers.get("Authorization", "")))

    def sha(text):
        return hashlib.sha256(text.encode()).hexdigest()

    first, second = sha(f"admin:{REALM}:{PASSWORD}"), sha(f"GET:{request.path}")
    right = sha(f"{first}:{NONCE}:{said.get('nc')}:{said.get('cnonce')}:auth:{second}")
    return said.get("response") == right and said.get("uri", "") == request.path


def tasmota(behind, _request, path, query, *, several=False, old=False):
    """One with a login. ``several`` relays: the answers have a number. ``old``: before 8.2.3."""
    if path != "/cm":
        return 404, {}, ""
    if (query.get("user"), query.get("password")) != ("admin", PASSWORD):
        return (200 if old else 401), {}, {"WARNING": "Need user=<username>&password=<password>"}
    name, _, word = query["cmnd"].partition(" ")
    if name != "Power1":
        return 200, {}, {"Command": "Unknown"}
    if word:
        behind.turn(word == "On")
    return 200, {}, {"POWER1" if several else "POWER": "ON" if behind.on else "OFF"}


def anything(behind, request, path, _query):
    """A home automation server."""
    if request.headers.get("Authorization") != f"Bearer {PASSWORD}":
        return 401, {}, "401: Unauthorized"
    if path == "/api/services/switch/turn_on" and request.command == "POST":
        behind.turn(json.loads(request.body)["entity_id"] == "switch.rack")
    elif path == "/api/services/switch/turn_off" and request.command == "POST":
        behind.turn(False)
    elif path == "/api/states/switch.rack":
        return 200, {}, {"entity_id": "switch.rack", "state": "on" if behind.on else "off"}
    else:
        return 405, {}, "405: Method Not Allowed"
    return 200, {}, []


UHUBCTL = """
import pathlib, sys
state = pathlib.Path({state!r})
powered = state.read_text().split()
words = sys.argv[1:]
said = dict(zip(words[::2], words[1::2]))
if said.get("-l") not in ("1-1", "2-1"):
    sys.exit(f"No compatible devices detected at location {{said.get('-l')}}!\\nRun with -h to get usage info.")
def show(when):
    for hub, name in (("2-1", "USB 3.00, 4 ports, ppps"), ("1-1", "USB 2.10, 4 ports, ppps")):
        print(f"{{when}} status for hub {{hub}} [2109:2811 VIA Labs, Inc. USB Hub, {{name}}]")
        for port in (1, 2, 3, 4):
            if said.get("-p") in (None, str(port)):
                if hub == "2-1":
                    print(f"  Port {{port}}: " + ("02a0 power 5gbps Rx.Detect" if f"{{hub}}.{{port}}" in powered else "00a0 off"))
                else:
                    on = "0503 power highspeed enable connect [0483:374b STMicroelectronics off-brand 066C]"
                    print(f"  Port {{port}}: " + (on if f"{{hub}}.{{port}}" in powered else "0000 off"))
show("Current")
if "-a" in said:
    for hub in ("2-1", "1-1"):
        for port in "1234":
            name = f"{{hub}}.{{port}}"
            if said.get("-p") in (None, port) and hub != {stuck!r}:
                powered = [one for one in powered if one != name] + ([name] if said["-a"] == "on" else [])
    state.write_text(" ".join(powered))
    print(f"Sent power {{said['-a']}} request")
    show("New")
"""

YKUSHCMD = """
import pathlib, sys
state, model = pathlib.Path({state!r}), {model!r}
powered = state.read_text().split()
words = sys.argv[1:]
if words and words[0] in ("ykush3", "ykushxs"):
    if words.pop(0) != model:
        sys.exit(255)
elif model != "ykush":
    sys.exit(255)
if words[0] == "-s":
    if words[1] != "YK21493":
        print("Unable to open device")
        print("Unable to open device")
        if words[2] == "-g":
            print("\\n\\nDownstream port 15 is ON\\n")
        sys.exit(255 if words[2] == "-d" else 0)
    words = words[2:]
action, ports = words[0], words[1:] or ["1"]
ports = ["1", "2", "3"] if ports == ["a"] else ports
if action == "-g":
    on = ports[0] in powered
    word = "ON" if on else "OFF"
    said = {{"ykush": "Downstream port {{}} is {{}}", "ykushxs": "Downstream port is {{1}}", "ykush3": "Port {{}} {{}}"}}
    print("\\n\\n" + said[model].format(ports[0], word) + "\\n")
else:
    powered = [one for one in powered if one not in ports] + (ports if action == "-u" else [])
    state.write_text(" ".join(powered))
"""


def program(folder, name, text, **parts):
    """An executable of that name in ``folder``, and the file that it keeps its state in."""
    state = folder / f"{name}.state"
    state.write_text("")
    path = folder / name
    path.write_text(f"#!{sys.executable} -SE\n" + text.format(state=str(state), **parts))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return state
