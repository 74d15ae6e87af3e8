#!/usr/bin/env bash
# django-oauth-toolkit as a resource server, as of 3.4: the `aud` that introspection answers has to be the start of the request's URL.
# A service that names its APIs otherwise, or a proxy that ends TLS, and every token is refused; with 3.3 none was.
#
# Seen with django-oauth-toolkit 3.3.0 and 3.4.1, Django 5.2.19, and one introspection that says `active` to each token:
#                                                       3.3.0   3.4.1
#   no `aud`:                                           200     200
#   https://api.example.com, asked by that URL:         200     200
#   the same among others, in an array:                 200     200
#   the same, behind a proxy that speaks http:          200     401
#   the same, by the name that a cluster uses inside:   200     401
#   `api`, as many services name it:                    200     401
#   `api`, with a validator of one's own:               200     200
#
# RFC 7662 §2.2 and RFC 9068 §3 leave the names of audiences to the service, and a resource server looks for its own name among them. A
# good engineer would guess that at most; and in the list of changes 3.4.0 has RFC 8707 as something that clients "can optionally" use,
# not among those that break. The manual has it under audience binding. RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR names a function that
# gets the URL and the audiences: let it look for your name. Or tell Django of the proxy, with SECURE_PROXY_SSL_HEADER. `None` turns the
# check off, and lets in tokens for other services, unless the introspection refuses these.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 3.3.0 3.4.1; do
  python3 -m venv "$version"
  "$version/bin/pip" install --quiet --disable-pip-version-check django-oauth-toolkit=="$version" Django==5.2.19 djangorestframework==3.18.3
done
cat >check.py <<'PY'
import http.server
import json
import logging
import threading
import time
import uuid

import django
from django.conf import settings

audience = None


class Introspection(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        answer = {"active": True, "sub": "1", "username": "alice", "client_id": "app", "scope": "read", "exp": int(time.time()) + 600}
        body = json.dumps({**answer, "aud": audience} if audience else answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Introspection)
threading.Thread(target=server.serve_forever, daemon=True).start()
settings.configure(
    SECRET_KEY="a key of this check alone, which signs nothing",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider", "rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    OAUTH2_PROVIDER={
        "RESOURCE_SERVER_INTROSPECTION_URL": f"http://127.0.0.1:{server.server_port}/",
        "RESOURCE_SERVER_INTROSPECTION_CREDENTIALS": ("api", "secret"),
    },
)
django.setup()

from django.core.management import call_command
from django.test import Client
from django.urls import path
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.settings import oauth2_settings
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

logging.disable()
call_command("migrate", verbosity=0)


class Me(APIView):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response(str(request.user))


urlpatterns = [path("me", Me.as_view())]


def ask(aud, secure=True, host="api.example.com"):
    global audience
    audience = aud
    return Client().get("/me", secure=secure, SERVER_NAME=host, HTTP_AUTHORIZATION=f"Bearer {uuid.uuid4()}").status_code


url = "https://api.example.com"
seen = [ask(None), ask(url), ask([url, "other"]), ask(url, secure=False), ask(url, host="api.default.svc"), ask("api")]
oauth2_settings.RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR = lambda _, audiences: "api" in audiences
print(*seen, ask("api"))
PY
before=$(3.3.0/bin/python check.py 2>/dev/null)
after=$(3.4.1/bin/python check.py 2>/dev/null)
printf '%s: %s\n' 3.3.0 "$before" 3.4.1 "$after"
[ "$before" = '200 200 200 200 200 200 200' ] && [ "$after" = '200 200 200 401 401 401 200' ]
