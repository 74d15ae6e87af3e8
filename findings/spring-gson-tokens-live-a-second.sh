#!/usr/bin/env bash
# Spring Security's OAuth 2 client: if Gson is what reads JSON in the program, every access token lives one second, so that none is used
# twice, and a refresh token is used up at each request.
#
# Seen with spring-security-oauth2-client 7.1.2 and a token endpoint that answers "expires_in": 600, the same program with one artifact
# exchanged:
#   Jackson 3.3.0:    lives 600 s, 1 requested for 3 calls
#   Gson 2.15.0:      lives 1 s, 3 requested for 3 calls
#   Yasson 3.0.4:     lives 600 s, 1 requested for 3 calls
#
# Gson reads each number of a map as a floating-point one. Spring Security makes the text 600.0 of it, cannot read that as a whole number,
# and takes a token of unknown life for one of a second. There is no error and no warning. A good engineer would guess that the choice
# of a JSON library changes no times. What they see is a token service that gets a request for each call, or answers 429, and with
# refresh tokens one refresh for each request of a person. Gson is used where Jackson is not on the class path, so excluding Jackson
# for Gson begins this, in 6.5.11 as well. With both it is 600 s again.
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
    <dependency><groupId>${group}</groupId><artifactId>${json}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.oauth2.client.*;
import org.springframework.security.oauth2.client.registration.*;
import org.springframework.security.oauth2.core.*;

public class Check {
    public static void main(String[] words) {
        try {
            check(words[0]);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void check(String json) throws Exception {
        AtomicInteger tokens = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/token", exchange -> {
            byte[] body = ("{\"access_token\":\"" + tokens.incrementAndGet() + "\",\"token_type\":\"Bearer\",\"expires_in\":600}").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        ClientRegistration api = ClientRegistration.withRegistrationId("api").clientId("app").clientSecret("secret")
            .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
            .tokenUri("http://127.0.0.1:" + server.getAddress().getPort() + "/token").build();
        var clients = new InMemoryClientRegistrationRepository(api);
        var manager = new AuthorizedClientServiceOAuth2AuthorizedClientManager(clients, new InMemoryOAuth2AuthorizedClientService(clients));
        var request = OAuth2AuthorizeRequest.withClientRegistrationId("api").principal(new TestingAuthenticationToken("job", "")).build();
        OAuth2AccessToken token = null;
        for (int call = 0; call < 3; call++) token = manager.authorize(request).getAccessToken();
        long lives = Duration.between(token.getIssuedAt(), token.getExpiresAt()).toSeconds();
        System.out.printf("%-18slives %d s, %d requested for 3 calls%n", json + ":", lives, tokens.get());
    }
}
JAVA
check() {
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies "-Dgroup=$2" "-Djson=$3" "-Dversion=$4" -DoutputDirectory="$3" >/dev/null
  java -cp "$3/*" Check.java "$1 $4"
}
{
  check Jackson tools.jackson.core jackson-databind 3.3.0
  check Gson com.google.code.gson gson 2.15.0
  check Yasson org.eclipse yasson 3.0.4
} | tee seen
diff - seen <<'SEEN'
Jackson 3.3.0:    lives 600 s, 1 requested for 3 calls
Gson 2.15.0:      lives 1 s, 3 requested for 3 calls
Yasson 3.0.4:     lives 600 s, 1 requested for 3 calls
SEEN
