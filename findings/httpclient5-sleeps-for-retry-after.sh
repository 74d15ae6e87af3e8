#!/usr/bin/env bash
# Apache HttpClient 5, and Spring Security's client where it is on the class path: at a 429 or 503 of the token endpoint the thread that
# asked sleeps for as long as Retry-After says, and then posts the same form again. None of its time-outs limits that.
#
# Seen with httpclient5 5.6.5, spring-security-oauth2-client 7.1.2 and a token endpoint that answers 429 with Retry-After: 4:
#   HttpClient, each time-out at 1 s:       429 after 4 s, 2 requests
#   the same, disableAutomaticRetries():    429 after 0 s, 1 request
#   Spring Security, without HttpClient:    429 after 0 s, 1 request
#   Spring Security, with HttpClient:       429 after 4 s, 2 requests
#
# A good engineer would guess that a POST is never repeated by itself, that a 429 is an answer, and that a response time-out of a second
# ends a call soon after. A service that limits sign-ins says Retry-After: 300, and each request of a person then holds a thread of
# the web server for five minutes, and ends with the 429 that was there at the start. Spring's RestClient takes HttpClient when the
# class path has it, so a dependency that brings it is enough. Use disableAutomaticRetries(), or a retry strategy that looks at the
# interval. In Spring Security, give the token response client a RestClient with a request factory of your own: setRestClient.
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
    <dependency><groupId>org.springframework.security</groupId><artifactId>spring-security-oauth2-client</artifactId><version>7.1.2</version></dependency>
    <dependency><groupId>tools.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>3.3.0</version></dependency>
    <dependency><groupId>org.apache.httpcomponents.client5</groupId><artifactId>httpclient5</artifactId><version>5.6.5</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat >Tokens.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.time.*;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

class Tokens {
    static final AtomicInteger asked = new AtomicInteger();

    static String start() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/token", exchange -> {
            asked.incrementAndGet();
            exchange.getRequestBody().readAllBytes();
            byte[] body = "{\"error\":\"too_many_requests\"}".getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("Retry-After", "4");
            exchange.sendResponseHeaders(429, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
    }

    static void show(String name, Callable<String> call) {
        asked.set(0);
        Instant start = Instant.now();
        String result;
        try {
            result = call.call();
        } catch (Exception error) {
            result = String.valueOf(error.getMessage());
        }
        long seconds = Duration.between(start, Instant.now()).plusMillis(200).toSeconds();
        String status = result.contains("429") ? "429" : result;
        System.out.printf("%-40s%s after %d s, %d request%s%n", name + ":", status, seconds, asked.get(), asked.get() == 1 ? "" : "s");
    }
}
JAVA
cat >Apache.java <<'JAVA'
import java.util.List;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.*;
import org.apache.hc.client5.http.entity.UrlEncodedFormEntity;
import org.apache.hc.client5.http.impl.classic.*;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.message.BasicNameValuePair;
import org.apache.hc.core5.util.Timeout;

public class Apache {
    static HttpClientBuilder builder() {
        Timeout second = Timeout.ofSeconds(1);
        ConnectionConfig connection = ConnectionConfig.custom().setConnectTimeout(second).setSocketTimeout(second).build();
        return HttpClients.custom()
            .setDefaultRequestConfig(RequestConfig.custom().setConnectionRequestTimeout(second).setResponseTimeout(second).build())
            .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create().setDefaultConnectionConfig(connection).build());
    }

    static String post(CloseableHttpClient client, String url) throws Exception {
        HttpPost request = new HttpPost(url);
        request.setEntity(new UrlEncodedFormEntity(List.of(new BasicNameValuePair("grant_type", "client_credentials"))));
        return client.execute(request, response -> String.valueOf(response.getCode()));
    }

    public static void main(String[] words) throws Exception {
        String url = Tokens.start();
        CloseableHttpClient usual = builder().build(), told = builder().disableAutomaticRetries().build();
        // Loading its classes takes a moment, which is not to be counted.
        post(told, url);
        Tokens.show("HttpClient, each time-out at 1 s", () -> post(usual, url));
        Tokens.show("the same, disableAutomaticRetries()", () -> post(told, url));
        System.exit(0);
    }
}
JAVA
cat >Spring.java <<'JAVA'
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.oauth2.client.*;
import org.springframework.security.oauth2.client.registration.*;
import org.springframework.security.oauth2.core.AuthorizationGrantType;

public class Spring {
    public static void main(String[] words) throws Exception {
        ClientRegistration api = ClientRegistration.withRegistrationId("api").clientId("app").clientSecret("secret")
            .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS).tokenUri(Tokens.start()).build();
        var clients = new InMemoryClientRegistrationRepository(api);
        var manager = new AuthorizedClientServiceOAuth2AuthorizedClientManager(clients, new InMemoryOAuth2AuthorizedClientService(clients));
        var request = OAuth2AuthorizeRequest.withClientRegistrationId("api").principal(new TestingAuthenticationToken("job", "")).build();
        Tokens.show("Spring Security, " + words[0] + " HttpClient", () -> manager.authorize(request).getAccessToken().getTokenValue());
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=all >/dev/null
mkdir without classes
cp all/* without/
rm without/httpc*
javac -d classes -cp "all/*" ./*.java
{
  java -cp "classes:all/*" Apache
  java -cp "classes:without/*" Spring without
  java -cp "classes:all/*" Spring with
} | tee seen
diff - seen <<'SEEN'
HttpClient, each time-out at 1 s:       429 after 4 s, 2 requests
the same, disableAutomaticRetries():    429 after 0 s, 1 request
Spring Security, without HttpClient:    429 after 0 s, 1 request
Spring Security, with HttpClient:       429 after 4 s, 2 requests
SEEN
