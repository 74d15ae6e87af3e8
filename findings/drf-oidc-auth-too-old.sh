#!/usr/bin/env bash
# drf-oidc-auth, JSONWebTokenAuthentication: a token is refused ten minutes after its `iat`, although its `exp` is far away. And one 503
# to the discovery is kept as the configuration: each request is a 500 for ten minutes.
#
# Seen with drf-oidc-auth 4.0.0, joserfc 1.8.0 and Django REST framework 3.18.3:
#   a new token:                             200
#   a token for 1 h, made 9 minutes ago:     200
#   a token for 1 h, made 11 minutes ago:    401 JWT too old
#   the same, with an OIDC_LEEWAY of 3600:   200
#   while the service answers 503:           500
#   when it is back:                         500, and it is not asked
#
# OIDC_LEEWAY, 600 s by default, is the greatest age of a token. A good engineer would guess that `exp` rules, and that a leeway is for
# clocks that differ: who lowers it to the usual 30 s has every token refused half a minute after it was made. Let the service's tokens
# live no longer than OIDC_LEEWAY, and check `exp` again in OIDC_RESOLVE_USER_FUNCTION. The answer to the discovery is cached without a
# look at its status, so the JSON of an error is taken for a configuration without a `jwks_uri`. `cache.clear()`, or another
# OIDC_CACHE_PREFIX, ends that.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check drf-oidc-auth==4.0.0 joserfc==1.8.0 Django==5.2.19 djangorestframework==3.18.3
cat >check.py <<'PY'
import http.server
import json
import logging
import sys
import threading
import time

import django
from django.conf import settings
from joserfc import jwt
from joserfc.jwk import RSAKey

key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
down = threading.Event()
questions = []


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        questions.append(self.path)
        answer = {"issuer": url, "jwks_uri": f"{url}/keys"} if ".well-known" in self.path else {"keys": [key.as_dict(private=False)]}
        body = json.dumps({"error": "temporarily_unavailable"} if down.is_set() else answer).encode()
        self.send_response(503 if down.is_set() else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    OIDC_AUTH={
        "OIDC_ENDPOINT": url,
        "OIDC_CLAIMS_OPTIONS": {"aud": {"essential": True, "values": ["api"]}},
        "JWT_AUTH_HEADER_PREFIX": "Bearer",
        "OIDC_RESOLVE_USER_FUNCTION": f"{__name__}.user",
    },
)
django.setup()

from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import path
from oidc_auth.authentication import JSONWebTokenAuthentication
from oidc_auth.settings import api_settings
from rest_framework.response import Response
from rest_framework.views import APIView

logging.disable()


def user(request, claims):
    return User(username=claims["sub"])


class Me(APIView):
    authentication_classes = [JSONWebTokenAuthentication]

    def get(self, request):
        return Response(str(request.user))


urlpatterns = [path("me", Me.as_view())]


def ask(lives, minutes_ago=0):
    iat = int(time.time()) - minutes_ago * 60
    claims = {"iss": url, "aud": "api", "sub": "alice", "iat": iat, "exp": iat + lives}
    token = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "one"}, claims, key)
    before = len(questions)
    answer = Client(raise_request_exception=False).get("/me", HTTP_AUTHORIZATION=f"Bearer {token}")
    reason = answer.json()["detail"].split("header. ")[1].rstrip(".") if answer.status_code == 401 else ""
    return f"{answer.status_code} {reason}".strip(), len(questions) - before


results = [
    ("a new token:", ask(600), ("200", 2)),
    ("a token for 1 h, made 9 minutes ago:", ask(3600, 9), ("200", 0)),
    ("a token for 1 h, made 11 minutes ago:", ask(3600, 11), ("401 JWT too old", 0)),
]
api_settings.OIDC_LEEWAY = 3600
results.append(("the same, with an OIDC_LEEWAY of 3600:", ask(3600, 11), ("200", 0)))
cache.clear()
down.set()
results.append(("while the service answers 503:", ask(600), ("500", 1)))
down.clear()
results.append(("when it is back:", ask(600), ("500", 0)))
cache.clear()
results.append(("and without what was cached:", ask(600), ("200", 2)))
for name, (status, asked), _ in results:
    print(f"{name:<43} {status}, questions {asked}")
sys.exit(any(seen != expected for _, seen, expected in results))
PY
venv/bin/python check.py
