#!/usr/bin/env bash
# Vert.x, OAuth2WebClient: its leeway is the time for which a token is sent after it has expired, not before. And requests that start
# together each ask for a token, with the same refresh token if there is one.
#
# Seen with vertx-web-client and vertx-auth-oauth2 5.1.6, and an API that refuses expired tokens:
#   a token for 3 s, after 0, 1, 4 and 5 s:   200 200 200 200   2 tokens
#   the same, setLeeway(10):                  200 200 401 401   1 token
#   and setRenewTokenOnForbidden(true):       200 200 200 200   2 tokens
#   setLeeway(-10):                           IllegalArgumentException
#   5 requests at once, no token yet:         5 tokens
#   3 requests at once, expired:              refresh-1 refresh-1 refresh-1
#
# A good engineer would guess that a client's leeway makes it refresh early, because the token may expire on its way and clocks differ: who
# sets it to the usual 30 s gets half a minute of 401 at the end of each token's life. It is the leeway of a service that verifies tokens,
# in the place of a client. Leave it at 0, and let setRenewTokenOnForbidden(true) repeat a request that got a 401 (not a 403, as the name
# says). And one would guess that requests share what one of them has asked for. A service that takes a second use of a refresh token for
# a theft ends the session when two requests find the token expired. Where that matters, share one Future for the token, and set the header.
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
    <dependency><groupId>io.vertx</groupId><artifactId>vertx-web-client</artifactId><version>5.1.6</version></dependency>
    <dependency><groupId>io.vertx</groupId><artifactId>vertx-auth-oauth2</artifactId><version>5.1.6</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.*;
import io.vertx.core.*;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.auth.authentication.*;
import io.vertx.ext.auth.oauth2.*;
import io.vertx.ext.web.client.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Check {
    static final List<String> forms = new CopyOnWriteArrayList<>();
    static final Map<String, Long> ends = new ConcurrentHashMap<>();
    static final Vertx vertx = Vertx.vertx();
    static int lives = 3;
    static String url;

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length());
        exchange.getResponseBody().write(body.getBytes());
        exchange.close();
    }

    static OAuth2WebClient client(OAuth2WebClientOptions options, Credentials credentials) {
        forms.clear();
        OAuth2Auth auth = OAuth2Auth.create(vertx, new OAuth2Options().setClientId("app").setClientSecret("secret").setSite(url).setTokenPath("/token"));
        return OAuth2WebClient.create(WebClient.create(vertx), auth, options).withCredentials(credentials);
    }

    static String send(OAuth2WebClient client, int requests) throws Exception {
        List<Future<HttpResponse<Buffer>>> answers = new ArrayList<>();
        for (int number = 0; number < requests; number++) answers.add(client.getAbs(url + "/api").send());
        Future.all(answers).toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        return String.valueOf(answers.get(0).result().statusCode());
    }

    static void show(String name, String result) {
        System.out.printf("%-41s %s%n", name + ":", result);
    }

    static String tokens() {
        return forms.size() + (forms.size() == 1 ? " token" : " tokens");
    }

    static void slowly(String name, OAuth2WebClientOptions options) throws Exception {
        OAuth2WebClient client = client(options, new Oauth2Credentials().setFlow(OAuth2FlowType.CLIENT));
        List<String> seen = new ArrayList<>();
        try {
            for (int wait : new int[] {0, 1, 3, 1}) {
                Thread.sleep(wait * 1000);
                // So that the token of the third request is still good for the fourth.
                if (wait == 3) lives = 600;
                seen.add(send(client, 1));
            }
            show(name, String.join(" ", seen) + "   " + tokens());
        } catch (ExecutionException error) {
            show(name, error.getCause().getClass().getSimpleName());
        }
        lives = 3;
    }

    public static void main(String[] words) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/token", exchange -> {
            String form = new String(exchange.getRequestBody().readAllBytes());
            int number;
            synchronized (forms) {
                forms.add(form);
                number = forms.size();
            }
            try {
                Thread.sleep(500);
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
            String refresh = form.contains("client_credentials") ? "" : ",\"refresh_token\":\"refresh-" + number + "\"";
            ends.put("token-" + number, System.currentTimeMillis() + lives * 1000L);
            answer(exchange, 200, "{\"access_token\":\"token-" + number + "\",\"token_type\":\"Bearer\",\"expires_in\":" + lives + refresh + "}");
        });
        server.createContext("/api", exchange -> {
            String token = exchange.getRequestHeaders().getFirst("Authorization").substring(7);
            answer(exchange, ends.get(token) > System.currentTimeMillis() ? 200 : 401, "{}");
        });
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
        slowly("a token for 3 s, after 0, 1, 4 and 5 s", new OAuth2WebClientOptions());
        slowly("the same, setLeeway(10)", new OAuth2WebClientOptions().setLeeway(10));
        slowly("and setRenewTokenOnForbidden(true)", new OAuth2WebClientOptions().setLeeway(10).setRenewTokenOnForbidden(true));
        slowly("setLeeway(-10)", new OAuth2WebClientOptions().setLeeway(-10));

        send(client(new OAuth2WebClientOptions(), new Oauth2Credentials().setFlow(OAuth2FlowType.CLIENT)), 5);
        show("5 requests at once, no token yet", tokens());
        lives = 1;
        OAuth2WebClient person = client(new OAuth2WebClientOptions(), new UsernamePasswordCredentials("alice", "a-password"));
        send(person, 1);
        Thread.sleep(2000);
        lives = 600;
        send(person, 3);
        List<String> refreshes = forms.stream().flatMap(form -> Arrays.stream(form.split("&"))).filter(part -> part.startsWith("refresh_token="))
            .map(part -> part.substring(14)).toList();
        show("3 requests at once, expired", String.join(" ", refreshes));
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
timeout 90 java -cp "lib/*" Check.java | tee seen
diff - seen <<'SEEN'
a token for 3 s, after 0, 1, 4 and 5 s:   200 200 200 200   2 tokens
the same, setLeeway(10):                  200 200 401 401   1 token
and setRenewTokenOnForbidden(true):       200 200 200 200   2 tokens
setLeeway(-10):                           IllegalArgumentException
5 requests at once, no token yet:         5 tokens
3 requests at once, expired:              refresh-1 refresh-1 refresh-1
SEEN
