#!/usr/bin/env bash
# Google's OAuth client library for Java, as a client of any service: while the token service answers 503, a request goes out without a
# token, or with the expired one, and the program gets the 401 of the API. A 429 throws away a token that is still good.
#
# Seen with google-oauth-client 1.39.0, a Credential with a refresh token, and an API that answers 200 to the good token and 401 else:
#                                            the API got    the program got             token    token service
#   no token yet, 503 to the refresh:        no token       401 from the API            none     2 asked
#   an expired token, 503:                   expired        401 from the API            expired  2 asked
#   a token for 30 s, 503:                   good           200 from the API            good     1 asked
#   a token for 30 s, 429:                   nothing        429 from the token service  none     1 asked
#   no token yet, 503, with a listener:      nothing        IOException                 none     1 asked
#
# A good engineer would guess that a failed refresh raises, or that the good token is used in both cases. But the refresh, 60 s before a
# token expires, only raises for 4xx, after it has removed the token. For 5xx it returns false, and the request is sent as it is. A
# program that takes 401 for a lost sign-in then sends people to the login page, because the token service was restarted. At each such
# 401 it asks the token service a second time, whatever Retry-After says. A CredentialRefreshListener hears of every refusal: throw an
# IOException in its onTokenErrorResponse, and the request is not sent.
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
    <dependency><groupId>com.google.oauth-client</groupId><artifactId>google-oauth-client</artifactId><version>1.39.0</version></dependency>
    <dependency><groupId>com.google.http-client</groupId><artifactId>google-http-client-gson</artifactId><version>1.47.1</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.google.api.client.auth.oauth2.*;
import com.google.api.client.http.*;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.api.client.json.gson.GsonFactory;
import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.*;

public class Check {
    static final List<String> atTokens = new ArrayList<>(), atApi = new ArrayList<>();
    static int status;

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Retry-After", "60");
        exchange.sendResponseHeaders(status, body.length());
        exchange.getResponseBody().write(body.getBytes());
        exchange.close();
    }

    static class Refused implements CredentialRefreshListener {
        public void onTokenResponse(Credential credential, TokenResponse response) {}

        public void onTokenErrorResponse(Credential credential, TokenErrorResponse response) throws IOException {
            throw new IOException("no token: " + response);
        }
    }

    static void show(String name, String url, int answer, String token, long lives, boolean listens) throws Exception {
        status = answer;
        atTokens.clear();
        atApi.clear();
        Credential.Builder builder = new Credential.Builder(BearerToken.authorizationHeaderAccessMethod())
            .setTransport(new NetHttpTransport()).setJsonFactory(GsonFactory.getDefaultInstance())
            .setTokenServerUrl(new GenericUrl(url + "/token")).setClientAuthentication(new BasicAuthentication("app", "secret"));
        if (listens) builder.addRefreshListener(new Refused());
        Credential credential = builder.build();
        credential.setRefreshToken("refresh-1");
        if (token != null) credential.setAccessToken(token).setExpiresInSeconds(lives);
        String result;
        try {
            HttpRequestFactory requests = new NetHttpTransport().createRequestFactory(credential);
            result = requests.buildGetRequest(new GenericUrl(url + "/api")).execute().getStatusCode() + " from the API";
        } catch (TokenResponseException error) {
            result = error.getStatusCode() + " from the token service";
        } catch (HttpResponseException error) {
            result = error.getStatusCode() + " from the API";
        } catch (IOException error) {
            result = "IOException";
        }
        String api = atApi.isEmpty() ? "nothing" : String.join(" ", atApi);
        String after = Objects.requireNonNullElse(credential.getAccessToken(), "none");
        System.out.printf("%-40s %-14s %-27s %-8s %d asked%n", name + ":", api, result, after, atTokens.size());
    }

    public static void main(String[] words) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/token", exchange -> {
            atTokens.add("asked");
            answer(exchange, status, "{\"error\":\"temporarily_unavailable\"}");
        });
        server.createContext("/api", exchange -> {
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            atApi.add(token == null ? "no token" : token.substring(7));
            answer(exchange, "Bearer good".equals(token) ? 200 : 401, "{}");
        });
        server.start();
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        show("no token yet, 503 to the refresh", url, 503, null, 0, false);
        show("an expired token, 503", url, 503, "expired", 0, false);
        show("a token for 30 s, 503", url, 503, "good", 30, false);
        show("a token for 30 s, 429", url, 429, "good", 30, false);
        show("no token yet, 503, with a listener", url, 503, null, 0, true);
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
java -cp "lib/*" Check.java | tee seen
diff - seen <<'SEEN'
no token yet, 503 to the refresh:        no token       401 from the API            none     2 asked
an expired token, 503:                   expired        401 from the API            expired  2 asked
a token for 30 s, 503:                   good           200 from the API            good     1 asked
a token for 30 s, 429:                   nothing        429 from the token service  none     1 asked
no token yet, 503, with a listener:      nothing        IOException                 none     1 asked
SEEN
