#!/usr/bin/env bash
# jwks-rsa (Auth0's for Java), as of 0.23: `cached(10, 5 minutes)` does not limit how long a key is used. When the five minutes are over,
# the key comes from a second cache that has no end, and the JWKS is fetched only for a `kid` that is in neither.
#
# Seen with JwkProviderBuilder, a cache of one second, and the key "old" removed from a set that has "old" and "next":
#   0.22.2, old, later than a second:                  SigningKeyNotFoundException
#   0.22.2, next:                                      found, 4 fetches in all
#   0.24.2, old, later than a second:                  found
#   0.24.2, next:                                      found, 1 fetch in all
#   0.24.2, old, when a kid was unknown:               SigningKeyNotFoundException
#   0.24.2, old, with a UrlJwkProvider for each fetch: SigningKeyNotFoundException
#
# The parameter is called expiresIn. A good engineer sets it to how long a revoked key may be used, and would guess that it holds. A service
# that publishes its next key a day before it signs makes it worse: after a revocation tokens come with that key, which is known
# already, so nothing is fetched. The issue is open as a bug. Until it is closed, this keeps keys for five minutes, as before:
#   new GuavaCachedJwkProvider(kid -> new UrlJwkProvider(url).get(kid), 10, 5, TimeUnit.MINUTES)
# Ktor's `jwt` and others take a JwkProvider, so they take this one.
#
# Runs in a folder of its own, with artifacts of Maven Central. Needs Java 17 and Maven. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>com.auth0</groupId><artifactId>jwks-rsa</artifactId><version>${jwks-rsa}</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.auth0.jwk.*;
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

public class Check {
    static final AtomicInteger FETCHES = new AtomicInteger();
    static volatile String set;

    static String jwk(String kid) throws Exception {
        byte[] n = ((RSAPublicKey) KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic()).getModulus().toByteArray();
        return "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"" + kid + "\",\"e\":\"AQAB\",\"n\":\""
            + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOfRange(n, 1, n.length)) + "\"}";
    }

    static String find(JwkProvider keys, String kid) {
        try {
            keys.get(kid).getPublicKey();
            return "found";
        } catch (Exception error) {
            return error.getClass().getSimpleName();
        }
    }

    /** The provider has used both keys, then one is removed, and the second of the cache is over. */
    static JwkProvider afterRemoval(JwkProvider keys, String old, String next) throws Exception {
        FETCHES.set(0);
        set = old + "," + next;
        if (!(find(keys, "old") + find(keys, "next")).equals("foundfound")) throw new IllegalStateException("a key was not found");
        set = next;
        Thread.sleep(2500);
        return keys;
    }

    public static void main(String[] words) {
        try {
            check(words[0]);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void check(String version) throws Exception {
        String old = jwk("old"), next = jwk("next");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            FETCHES.incrementAndGet();
            byte[] body = ("{\"keys\":[" + set + "]}").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        URL url = new URL("http://127.0.0.1:" + server.getAddress().getPort() + "/");
        String row = "%-51s%s%n";

        JwkProvider keys = afterRemoval(new JwkProviderBuilder(url).cached(10, 1, TimeUnit.SECONDS).build(), old, next);
        System.out.printf(row, version + ", old, later than a second:", find(keys, "old"));
        String found = find(keys, "next");
        int fetches = FETCHES.get();
        System.out.printf(row, version + ", next:", found + ", " + fetches + (fetches == 1 ? " fetch" : " fetches") + " in all");
        if (!version.equals("0.22.2")) {
            find(keys, "unknown");
            Thread.sleep(1500);
            System.out.printf(row, version + ", old, when a kid was unknown:", find(keys, "old"));
            JwkProvider anew = new GuavaCachedJwkProvider(kid -> new UrlJwkProvider(url).get(kid), 10, 1, TimeUnit.SECONDS);
            System.out.printf(row, version + ", old, with a UrlJwkProvider for each fetch:", find(afterRemoval(anew, old, next), "old"));
        }
    }
}
JAVA
for version in 0.22.2 0.24.2; do
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies "-Djwks-rsa=$version" -DoutputDirectory="$version" >/dev/null
  java -cp "$version/*" Check.java "$version"
done | tee seen
diff - seen <<'SEEN'
0.22.2, old, later than a second:                  SigningKeyNotFoundException
0.22.2, next:                                      found, 4 fetches in all
0.24.2, old, later than a second:                  found
0.24.2, next:                                      found, 1 fetch in all
0.24.2, old, when a kid was unknown:               SigningKeyNotFoundException
0.24.2, old, with a UrlJwkProvider for each fetch: SigningKeyNotFoundException
SEEN
