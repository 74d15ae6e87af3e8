#!/usr/bin/env bash
# A JWK Set that has one key of a kind that a library does not know: seven libraries then refuse the whole set, and with it every token,
# also those of the RSA key that was there before.
#
# Seen with one good RS256 token, and a set of its RSA key and one more key:
#                                              Ed25519    ML-DSA-65  brainpoolP256r1
#   Google's TokenVerifier 1.57.0, Java         refused    refused    refused
#   jwx 3.4.0, Go                               accepted   refused    refused
#   jwskate 0.12.2, Python                      accepted   refused    refused
#   Authlib 1.9.10, its deprecated JsonWebKey   accepted   refused    accepted
#   joserfc 1.8.0, Python                       accepted   accepted   refused
#   Nimbus JOSE + JWT 10.10, Java               accepted   accepted   refused
#   go-oidc 3.21.0, Go, with go-jose 4.1.4      accepted   accepted   refused
#   go-oidc 3.21.0, Go, with go-jose 4.1.9      accepted   accepted   accepted
#   jose4j 0.9.6, PyJWT 2.15.1                  accepted   accepted   accepted
#
# RFC 7517 §5: keys of a type that is not understood, or with values out of the supported ranges, should be ignored. A good engineer would
# guess that it is safe to publish a new kind of key beside the RSA key, as long as nothing signs with it. Here every token is refused
# from when the set is fetched. Google's takes only keys whose `alg` is RS256 or ES256: also an RSA key for encryption is too much.
# joserfc, Nimbus and go-oidc leave out an unknown `kty` but not an unknown `crv`, such as this one, which JOSE has not registered.
# What helps is WithIgnoreParseError(true) with jwx, go-jose 4.1.9 with go-oidc, and else a set for each kind of key.
#
# Runs in a folder of its own, with packages of PyPI, Maven Central and the Go proxy. Needs Java 17, Maven and Go 1.26. Exit code 0: it is
# still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Authlib==1.9.10 joserfc==1.8.0 PyJWT==2.15.1 jwskate==0.12.2 cryptography==50.0.2
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>com.google.auth</groupId><artifactId>google-auth-library-oauth2-http</artifactId><version>1.57.0</version></dependency>
    <dependency><groupId>com.nimbusds</groupId><artifactId>nimbus-jose-jwt</artifactId><version>10.10</version></dependency>
    <dependency><groupId>org.bitbucket.b_c</groupId><artifactId>jose4j</artifactId><version>0.9.6</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML

# Serves each set at /NAME, runs the programs for the other languages with its address and the token, and prints the table.
cat >check.py <<'PY'
import base64
import http.server
import json
import subprocess
import sys
import threading
import time
import warnings

warnings.showwarning = lambda *_, **__: None
import jwt
from authlib.jose import JsonWebKey
from authlib.jose import jwt as authlib_jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet, RSAKey
from jwskate import Jwt, JwkSet


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


rsa = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
ed = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
ml = mldsa.MLDSA65PrivateKey.generate().public_key().public_bytes_raw()
point = ec.generate_private_key(ec.BrainpoolP256R1()).public_key().public_numbers()
more = {
    "Ed25519": {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": coded(ed)},
    "ML-DSA-65": {"kty": "AKP", "alg": "ML-DSA-65", "pub": coded(ml)},
    "brainpoolP256r1": {"kty": "EC", "crv": "brainpoolP256r1", "x": coded(point.x.to_bytes(32, "big")), "y": coded(point.y.to_bytes(32, "big"))},
}
sets = {"alone": {"keys": [rsa.as_dict(private=False)]}}
for name, key in more.items():
    sets[name] = {"keys": [rsa.as_dict(private=False), {"kid": "two", "use": "sig", **key}]}
claims = {"iss": "issuer", "aud": "api", "sub": "alice", "iat": int(time.time()) - 5, "exp": int(time.time()) + 600}
token = joserfc_jwt.encode({"alg": "RS256", "kid": "one"}, claims, rsa)


class Sets(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(sets[self.path[1:]]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sets)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
libraries = {
    "jwskate": lambda keys: Jwt(token).verify_signature(JwkSet(keys), alg="RS256") or 1 / 0,
    "Authlib": lambda keys: authlib_jwt.decode(token, JsonWebKey.import_key_set(keys)),
    "joserfc": lambda keys: joserfc_jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]),
    "PyJWT": lambda keys: jwt.decode(token, jwt.PyJWKSet.from_dict(keys)["one"], algorithms=["RS256"], audience="api"),
}
lines = []
for name, verify in libraries.items():
    for kind, keys in sets.items():
        try:
            verify(keys)
            lines.append(f"{name} {kind} accepted")
        except Exception:
            lines.append(f"{name} {kind} refused")
for program in ["./check"], ["./newer"], ["java", "-cp", "lib/*", "Check.java"]:
    lines += subprocess.run([*program, url, token, *sets], capture_output=True, text=True, check=True).stdout.splitlines()
table = {}
for line in lines:
    name, _, result = line.split()
    table.setdefault(name, []).append(result)
yes, no = "accepted", "refused"
expected = {
    "Google": [yes, no, no, no],
    "jwx": [yes, yes, no, no],
    "jwx,WithIgnoreParseError": [yes, yes, yes, yes],
    "jwskate": [yes, yes, no, no],
    "Authlib": [yes, yes, no, yes],
    "joserfc": [yes, yes, yes, no],
    "Nimbus": [yes, yes, yes, no],
    "jose4j": [yes, yes, yes, yes],
    "PyJWT": [yes, yes, yes, yes],
    "go-oidc": [yes, yes, yes, no],
    "go-oidc,go-jose-4.1.9": [yes, yes, yes, yes],
}
print(f"{'':<26}", *(f"{kind:<10}" for kind in sets))
for name in expected:
    print(f"{name:<26}", *(f"{result:<10}" for result in table[name]))
sys.exit(table != expected)
PY
cat >Check.java <<'JAVA'
import com.google.auth.oauth2.TokenVerifier;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.*;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.URI;
import java.net.http.*;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;

public class Check {
    interface Verify { void of(String keys) throws Exception; }

    static void show(String name, String kind, String keys, Verify verify) {
        try {
            verify.of(keys);
            System.out.println(name + " " + kind + " accepted");
        } catch (Exception error) {
            System.out.println(name + " " + kind + " refused");
        }
    }

    public static void main(String[] words) throws Exception {
        String token = words[1];
        for (int word = 2; word < words.length; word++) {
            String kind = words[word], url = words[0] + kind;
            String keys = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString()).body();
            show("Google", kind, keys, set -> TokenVerifier.newBuilder().setCertificatesLocation(url).setIssuer("issuer").setAudience("api")
                .build().verify(token));
            show("Nimbus", kind, keys, set -> {
                DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
                processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, new ImmutableJWKSet<>(JWKSet.parse(set))));
                processor.process(token, null);
            });
            show("jose4j", kind, keys, set -> new JwtConsumerBuilder().setExpectedAudience("api")
                .setVerificationKeyResolver(new JwksVerificationKeyResolver(new JsonWebKeySet(set).getJsonWebKeys())).build().processToClaims(token));
        }
    }
}
JAVA
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

var name = "go-oidc"

func main() {
	token := os.Args[2]
	for _, kind := range os.Args[3:] {
		show := func(name string, err error) {
			result := "accepted"
			if err != nil {
				result = "refused"
			}
			fmt.Println(name, kind, result)
		}
		keys := oidc.NewRemoteKeySet(context.Background(), os.Args[1]+kind)
		_, err := oidc.NewVerifier("issuer", keys, &oidc.Config{ClientID: "api"}).Verify(context.Background(), token)
		show(name, err)
		if name != "go-oidc" {
			continue
		}
		response, err := http.Get(os.Args[1] + kind)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(response.Body)
		verify := func(options ...jwk.ParseOption) error {
			keys, err := jwk.Parse(body, options...)
			if err == nil {
				_, err = jwt.Parse([]byte(token), jwt.WithKeySet(keys))
			}
			return err
		}
		show("jwx", verify())
		show("jwx,WithIgnoreParseError", verify(jwk.WithIgnoreParseError(true)))
	}
}
GO
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get github.com/lestrrat-go/jwx/v3@v3.4.0 github.com/coreos/go-oidc/v3@v3.21.0; } 2>/dev/null
"$go" build -o check .
"$go" get github.com/go-jose/go-jose/v4@v4.1.9 2>/dev/null
"$go" build -o newer -ldflags '-X main.name=go-oidc,go-jose-4.1.9' .
venv/bin/python check.py
