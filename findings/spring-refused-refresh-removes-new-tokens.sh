#!/usr/bin/env bash
# Spring Security's OAuth 2 client: when two requests of a person find their access token expired at once, both refresh it. If the token
# service replaces refresh tokens, it refuses the second, and the refusal removes what the first has stored: the person signs in again.
#
# Seen with spring-security-oauth2-client 7.1.2, AuthorizedClientServiceOAuth2AuthorizedClientManager and a service that takes each
# refresh token once:
#   as it is:
#     one request:   access 2; stored: access 2, refresh 2
#     the other:     ClientAuthorizationException, invalid_grant; stored: nothing
#     a later one:   ClientAuthorizationRequiredException, client_authorization_required
#   with a lock around authorize():
#     one request:   access 2; stored: access 2, refresh 2
#     the other:     access 2; stored: access 2, refresh 2
#     a later one:   access 2
#
# The documentation says that tokens are removed at invalid_grant (since 5.3). A good engineer would guess that those are removed which
# were refused; it removes by the client's and the person's name, and does not look whether others are there by now. A page that makes
# two requests at once after a pause ends sessions in this way, now and then, and the log of the token service has only a refresh token
# that was used twice. A lock for each person helps where one process holds the tokens, and a token service that lets a refresh be
# repeated for some seconds helps everywhere.
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
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.oauth2.client.*;
import org.springframework.security.oauth2.client.registration.*;
import org.springframework.security.oauth2.core.*;

public class Check {
    static final TestingAuthenticationToken ANN = new TestingAuthenticationToken("ann", "");
    static final OAuth2AuthorizeRequest REQUEST = OAuth2AuthorizeRequest.withClientRegistrationId("api").principal(ANN).build();

    /** The service answers nobody before so many have sent the first refresh token, and refuses the second when the first is done. */
    static CountDownLatch arrived, done;
    static AtomicInteger refreshes;

    static String answer() throws InterruptedException {
        int number = refreshes.incrementAndGet();
        arrived.countDown();
        arrived.await();
        if (number == 1) return "{\"access_token\":\"access 2\",\"token_type\":\"Bearer\",\"expires_in\":600,\"refresh_token\":\"refresh 2\"}";
        done.await();
        return "{\"error\":\"invalid_grant\"}";
    }

    static String use(OAuth2AuthorizedClientManager manager) {
        try {
            return manager.authorize(REQUEST).getAccessToken().getTokenValue();
        } catch (OAuth2AuthorizationException error) {
            return error.getClass().getSimpleName() + ", " + error.getError().getErrorCode();
        }
    }

    static String stored(OAuth2AuthorizedClientService service) {
        OAuth2AuthorizedClient client = service.loadAuthorizedClient("api", "ann");
        return "; stored: " + (client == null ? "nothing" : client.getAccessToken().getTokenValue() + ", " + client.getRefreshToken().getTokenValue());
    }

    static void check(String url, boolean lock) throws Exception {
        arrived = new CountDownLatch(lock ? 1 : 2);
        done = new CountDownLatch(1);
        refreshes = new AtomicInteger();
        ClientRegistration api = ClientRegistration.withRegistrationId("api").clientId("app").clientSecret("secret")
            .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE).redirectUri(url + "/back")
            .authorizationUri(url + "/authorize").tokenUri(url + "/token").build();
        var clients = new InMemoryClientRegistrationRepository(api);
        var service = new InMemoryOAuth2AuthorizedClientService(clients);
        Instant hourAgo = Instant.now().minusSeconds(3600);
        var expired = new OAuth2AccessToken(OAuth2AccessToken.TokenType.BEARER, "access 1", hourAgo, hourAgo.plusSeconds(600));
        service.saveAuthorizedClient(new OAuth2AuthorizedClient(api, "ann", expired, new OAuth2RefreshToken("refresh 1", hourAgo)), ANN);
        var spring = new AuthorizedClientServiceOAuth2AuthorizedClientManager(clients, service);
        spring.setAuthorizedClientProvider(OAuth2AuthorizedClientProviderBuilder.builder().authorizationCode().refreshToken().build());
        OAuth2AuthorizedClientManager manager = !lock ? spring : request -> {
            synchronized (service) {
                return spring.authorize(request);
            }
        };

        ExecutorService threads = Executors.newFixedThreadPool(2);
        var requests = new ExecutorCompletionService<String>(threads);
        requests.submit(() -> use(manager));
        requests.submit(() -> use(manager));
        System.out.println(lock ? "with a lock around authorize():" : "as it is:");
        System.out.println("  one request:   " + requests.take().get() + stored(service));
        done.countDown();
        System.out.println("  the other:     " + requests.take().get() + stored(service));
        System.out.println("  a later one:   " + use(manager));
        threads.shutdown();
    }

    public static void main(String[] words) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            server.setExecutor(Executors.newCachedThreadPool());
            server.createContext("/token", exchange -> {
                try {
                    exchange.getRequestBody().readAllBytes();
                    String body = answer();
                    exchange.getResponseHeaders().set("Content-Type", "application/json");
                    exchange.sendResponseHeaders(body.contains("error") ? 400 : 200, body.length());
                    exchange.getResponseBody().write(body.getBytes());
                } catch (InterruptedException error) {
                    throw new IllegalStateException(error);
                } finally {
                    exchange.close();
                }
            });
            server.start();
            String url = "http://127.0.0.1:" + server.getAddress().getPort();
            check(url, false);
            check(url, true);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
java -cp 'jars/*' Check.java | tee seen
diff - seen <<'SEEN'
as it is:
  one request:   access 2; stored: access 2, refresh 2
  the other:     ClientAuthorizationException, invalid_grant; stored: nothing
  a later one:   ClientAuthorizationRequiredException, client_authorization_required
with a lock around authorize():
  one request:   access 2; stored: access 2, refresh 2
  the other:     access 2; stored: access 2, refresh 2
  a later one:   access 2
SEEN
