"""A small OAuth2 authorization server that keeps to the RFCs and forgives nothing, on a port of 127.0.0.1.

Authorization code with PKCE (RFC 6749 §4.1, RFC 7636: S256 only, verifier checked), refresh with rotation (§6), device code
(RFC 8628: interval, slow_down, expiry), introspection for the mail server (RFC 7662). A code and a rotated refresh token
serve once; a second use revokes what came of them. Requests in other forms than the RFCs' are refused.

`OAuthServer` is the server and what a test may change of it; `browser_*` are the user in front of a browser.
"""

import base64
import hashlib
import hmac
import html
import http.server
import json
import re
import secrets
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

CLIENT, CLIENT_SECRET = "test-client", "client-secret-4711"
SCOPE = "imap offline_access"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/[^?#]*)?")


class Refusal(Exception):
    """An error answer of the token endpoint."""

    def __init__(self, code, description="", status=400):
        super().__init__(code)
        self.body = {"error": code} | ({"error_description": description} if description else {})
        self.status = status


def _is_same(one, other):
    return hmac.compare_digest(one.encode(), other.encode())


class OAuthServer:
    """
    lifetime         of access tokens, in seconds
    proof            where clients with a secret must prove who they are: "header" or "body"
    rotate           each refresh gives a new refresh token, and the old one serves no more
    interval         between questions about a device code
    device_lifetime  of device codes
    fail_next        statuses with which the next requests for tokens are answered
    hold             seconds that a refresh takes
    certificate      (certificate, key): serve https
    """

    def __init__(self, *, lifetime=3600, rotate=False, interval=1, device_lifetime=60, proof="header", certificate=None):
        self.lifetime, self.rotate, self.interval, self.device_lifetime = lifetime, rotate, interval, device_lifetime
        self.proof = proof
        self.fail_next, self.hold = [], 0
        self.grants = []             # (grant type, outcome), in the order of the requests
        self.secrets = set()         # all that must not show up anywhere
        self.problems = []           # what a client did wrong that no answer would tell a test
        self._lock = threading.Lock()
        self._tickets, self._codes, self._devices = {}, {}, {}
        self._access, self._refresh = {}, {}
        self.secrets.add(CLIENT_SECRET)
        handler = type("Handler", (_Handler,), {"oauth": self})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    # What a test does to it.

    def count(self, grant, outcome="ok"):
        return self.grants.count((grant, outcome))

    def issue(self, user="alice", lifetime=None):
        """Tokens as if the user had signed in: an answer of the token endpoint."""
        with self._lock:
            return self._issue(user, CLIENT, lifetime)

    def kill_refresh_tokens(self):
        with self._lock:
            self._refresh.clear()

    def kill_access_tokens(self):
        """The mail server lets none of them in any more, whatever their expiry says."""
        with self._lock:
            self._access.clear()

    # What the endpoints do.

    def _secret(self):
        value = secrets.token_urlsafe(24)
        self.secrets.add(value)
        return value

    def _issue(self, user, client, lifetime=None, family=None):
        lifetime = self.lifetime if lifetime is None else lifetime
        access, refresh, family = self._secret(), self._secret(), family or secrets.token_hex(8)
        self._access[access] = {"user": user, "ends": time.time() + lifetime, "family": family}
        self._refresh[refresh] = {"user": user, "client": client, "family": family}
        return {"access_token": access, "token_type": "Bearer", "expires_in": lifetime, "refresh_token": refresh,
                "scope": SCOPE}

    def _revoke(self, family):
        for table in (self._access, self._refresh):
            for token in [token for token, entry in table.items() if entry["family"] == family]:
                del table[token]

    def authorize(self, query):
        """A ticket for the page of consent, or a sentence why there is none (nobody is sent anywhere then)."""
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        for name, value in wanted.items():
            if query.get(name) != value:
                return None, f"{name} is {query.get(name)!r}"
        if not _LOOPBACK.fullmatch(query.get("redirect_uri", "")):
            return None, "redirect_uri is not registered"
        if len(query.get("state", "")) < 20 or len(query.get("code_challenge", "")) != 43 or not query.get("scope"):
            return None, "state, code_challenge or scope is missing or too short"
        with self._lock:
            ticket = secrets.token_urlsafe(8)
            self._tickets[ticket] = query
        return ticket, ""

    def decide(self, ticket, user, allowed):
        """Where the browser goes after the user has decided."""
        with self._lock:
            query = self._tickets.pop(ticket)
            answer = {"state": query["state"]}
            if allowed:
                code = "4/" + self._secret()  # with a character that has to be encoded, as Google's
                self.secrets.add(code)
                self._codes[code] = {"user": user, "query": query, "ends": time.time() + 60, "family": None}
                answer["code"] = code
            else:
                answer["error"] = "access_denied"
        return query["redirect_uri"] + "?" + urllib.parse.urlencode(answer)

    def decide_device(self, user_code, user, allowed):
        with self._lock:
            for entry in self._devices.values():
                if entry["user_code"] == user_code:
                    entry["decision"], entry["user"] = allowed, user
                    return True
        return False

    def device(self, form):
        self._check_client(form)
        if not form.get("scope"):
            raise Refusal("invalid_scope")
        with self._lock:
            device, user_code = self._secret(), secrets.token_hex(2).upper() + "-" + secrets.token_hex(2).upper()
            self._devices[device] = {"user_code": user_code, "decision": None, "ends": time.time() + self.device_lifetime,
                                     "interval": self.interval, "asked": 0}
        return {"device_code": device, "user_code": user_code, "verification_uri": self.url + "/enter",
                "expires_in": self.device_lifetime, "interval": self.interval}

    def _check_client(self, form):
        """Of a header the handler has made the member "basic"; RFC 6749 §2.3.1: one way and not two."""
        in_body = form.get("client_id", ""), form.get("client_secret", "")
        given = form.get("basic", ("", "")) if self.proof == "header" else in_body
        unwanted = in_body if self.proof == "header" else form.get("basic", ("", ""))
        if any(unwanted) or given[0] != CLIENT or not _is_same(given[1], CLIENT_SECRET):
            raise Refusal("invalid_client", status=401)

    def token(self, form):
        grant = form.get("grant_type", "")
        grants = {"authorization_code": self._by_code, "refresh_token": self._by_refresh, _DEVICE_GRANT: self._by_device}
        try:
            self._check_client(form)
            if grant not in grants:
                raise Refusal("unsupported_grant_type")
            if grant == "refresh_token" and self.hold:
                time.sleep(self.hold)
            with self._lock:
                answer = grants[grant](form)
        except Refusal as refusal:
            self.grants.append((grant, refusal.body["error"]))
            raise
        self.grants.append((grant, "ok"))
        return answer

    def _by_code(self, form):
        entry = self._codes.get(form.get("code", ""))
        if entry is None:
            raise Refusal("invalid_grant", f"no such code {form.get('code')}")  # repeats a secret, as careless servers do
        if entry["family"]:
            self._revoke(entry["family"])
            self.problems.append("a code was redeemed twice")
            raise Refusal("invalid_grant")
        entry["family"] = secrets.token_hex(8)
        query, verifier = entry["query"], form.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not _VERIFIER.fullmatch(verifier) or not _is_same(digest, query["code_challenge"]):
            raise Refusal("invalid_grant", "the code_verifier is not the one")
        self.secrets.add(verifier)
        if form.get("redirect_uri") != query["redirect_uri"] or entry["ends"] < time.time():
            raise Refusal("invalid_grant", "redirect_uri or time")
        return self._issue(entry["user"], CLIENT, family=entry["family"])

    def _by_refresh(self, form):
        token = form.get("refresh_token", "")
        entry = self._refresh.get(token)
        if entry is None:
            raise Refusal("invalid_grant", "Token has been expired or revoked.")
        if entry.get("used"):
            self._revoke(entry["family"])
            self.problems.append("a rotated refresh token was used again")
            raise Refusal("invalid_grant", "Token has been used.")
        answer = self._issue(entry["user"], entry["client"], family=entry["family"])
        if self.rotate:
            entry["used"] = True
        else:
            del self._refresh[answer.pop("refresh_token")]
        return answer

    def _by_device(self, form):
        entry = self._devices.get(form.get("device_code", ""))
        if entry is None:
            raise Refusal("invalid_grant")
        now = time.time()
        early = now - entry["asked"] < entry["interval"] * 0.9
        entry["asked"] = now
        if entry["ends"] < now:
            raise Refusal("expired_token")
        if early:
            entry["interval"] += 5
            raise Refusal("slow_down")
        if entry["decision"] is None:
            raise Refusal("authorization_pending")
        if not entry["decision"]:
            raise Refusal("access_denied")
        del self._devices[form["device_code"]]
        return self._issue(entry["user"], CLIENT)

    def introspect(self, form):
        with self._lock:
            entry = self._access.get(form.get("token", ""))
        if entry is None or entry["ends"] < time.time():
            return {"active": False}
        return {"active": True, "username": entry["user"], "scope": SCOPE, "exp": int(entry["ends"])}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    oauth = None

    def log_message(self, *_):
        pass

    def _answer(self, status, body, kind="application/json", **headers):
        data = (body if kind != "application/json" else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def _single(self, text):
        """Name → value; RFC 6749 §3.1: no parameter more than once."""
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a parameter is repeated")
        return dict(pairs)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path != "/authorize":
            return self._answer(404, "no such page", "text/plain")
        try:
            ticket, problem = self.oauth.authorize(self._single(query))
        except ValueError as error:
            ticket, problem = None, str(error)
        if not ticket:
            return self._answer(400, problem, "text/plain")
        return self._answer(200, f'<form method="post" action="/consent"><input name="ticket" value="{html.escape(ticket)}">'
                                 "</form>", "text/html")

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            return self._answer(400, {"error": "invalid_request"})
        try:
            form = self._single(data)
        except ValueError:
            return self._answer(400, {"error": "invalid_request"})
        proof = self.headers.get("Authorization", "")
        if proof.startswith("Basic "):
            client = base64.b64decode(proof.removeprefix("Basic "), validate=True).decode()
            form["basic"] = tuple(urllib.parse.unquote(part) for part in client.split(":"))
        if self.path == "/token" and self.oauth.fail_next:
            return self._answer(self.oauth.fail_next.pop(0), "<h1>try later</h1>", "text/html", Retry_After="1")
        return self._serve(form)

    def _serve(self, form):
        try:
            if self.path == "/consent":
                target = self.oauth.decide(form["ticket"], form["user"], form["decision"] == "allow")
                return self._answer(302, "", "text/plain", Location=target)
            if self.path == "/enter":
                found = self.oauth.decide_device(form["user_code"], form["user"], form["decision"] == "allow")
                return self._answer(200 if found else 404, "done", "text/plain")
            serve = {"/token": self.oauth.token, "/device": self.oauth.device, "/introspect": self.oauth.introspect}
            return self._answer(200, serve[self.path](form)) if self.path in serve else self._answer(404, {})
        except Refusal as refusal:
            return self._answer(refusal.status, refusal.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _post(url, **form):
    """(status, Location) of a form that is sent, without going where it leads."""
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(url, urllib.parse.urlencode(form).encode(), timeout=20) as answer:
            return answer.status, answer.headers.get("Location")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location")


def fetch(url):
    """(status, text) of a page."""
    try:
        with urllib.request.urlopen(url, timeout=20) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def browser_decides(oauth, url, user="alice", decision="allow"):
    """The user opens `url` and decides; the address that the browser is sent to, which is not opened."""
    status, page = fetch(url)
    if status != 200:
        raise AssertionError(f"the authorization server refuses the address: {page}")
    ticket = re.search(r'name="ticket" value="([^"]+)"', page).group(1)
    return _post(oauth.url + "/consent", ticket=ticket, user=user, decision=decision)[1]


def browser_enters_code(url, user_code, user="alice", decision="allow"):
    """The user opens the address of the device flow and enters the code."""
    return _post(url, user_code=user_code, user=user, decision=decision)[0] == 200
