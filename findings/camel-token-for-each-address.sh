#!/usr/bin/env bash
# Apache Camel's HTTP component keeps its tokens by the address of each request: every order or page of an API costs a token of its own,
# and two scopes for one address get the same token. With a resource indicator it asks for no grant at all.
#
# Seen with camel-http 4.22.0, oauth2CacheTokens=true and tokens that live ten minutes: what was sent, and which token the API got
#   GET /orders/1, /orders/2, /orders/3:    3 requests for tokens                            token-1 token-2 token-3
#   GET /orders?page=1, /orders?page=2:     2 requests for tokens                            token-1 token-2
#   GET /stock, for the scope stock:read:   grant_type=client_credentials&scope=stock:read   token-1
#   then /stock, for stock:write:           nothing                                          token-1
#   with oauth2ResourceIndicator:           &resource=https://api.example.com                nothing
#   kept at the end:                        6 tokens
#
# A good engineer would guess that a cache for a client's tokens has one token for each client and scope. Here the whole address with its
# query is the key, and the scope is not part of it: the route that writes sends the token of the route that reads, and is refused with
# 403, depending on which was first. The cache has no end: a route with an identifier in its path adds an entry for each, whose token is
# never removed, and a token service with a limit answers 429 at some point. The resource indicator (RFC 8707) replaces the form instead
# of being added to it, so that `grant_type`, `scope` and a secret in the body are missing: each such request is refused. Fetch the token
# in a route of its own, or in a bean, and set the header `Authorization`.
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
    <dependency><groupId>org.apache.camel</groupId><artifactId>camel-core</artifactId><version>4.22.0</version></dependency>
    <dependency><groupId>org.apache.camel</groupId><artifactId>camel-http</artifactId><version>4.22.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.*;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.*;
import org.apache.camel.component.http.OAuth2ClientConfigurer;
import org.apache.camel.impl.DefaultCamelContext;

public class Check {
    static final List<String> forms = new CopyOnWriteArrayList<>(), atApi = new CopyOnWriteArrayList<>();
    static ProducerTemplate template;
    static String endpoint;

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length());
        exchange.getResponseBody().write(body.getBytes());
        exchange.close();
    }

    static void show(String name, String options, String... requests) {
        forms.clear();
        atApi.clear();
        for (String request : requests) {
            String[] parts = request.split("\\?");
            Map<String, Object> headers = new HashMap<>(Map.of(Exchange.HTTP_PATH, parts[0]));
            if (parts.length > 1) headers.put(Exchange.HTTP_QUERY, parts[1]);
            try {
                template.requestBodyAndHeaders(endpoint + options, null, headers, String.class);
            } catch (CamelExecutionException refused) {
                // The token service has answered 400.
            }
        }
        Set<String> sent = new LinkedHashSet<>(forms);
        String asked = forms.isEmpty() ? "nothing" : sent.size() < forms.size() && atApi.size() > 1 ? forms.size() + " requests for tokens" : sent.iterator().next();
        System.out.printf("%-39s %-48s %s%n", name + ":", asked, atApi.isEmpty() ? "nothing" : String.join(" ", atApi));
    }

    public static void main(String[] words) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/token", exchange -> {
            String form = URLDecoder.decode(new String(exchange.getRequestBody().readAllBytes()), StandardCharsets.UTF_8);
            forms.add(form);
            if (!form.contains("grant_type=client_credentials")) answer(exchange, 400, "{\"error\":\"invalid_request\"}");
            else answer(exchange, 200, "{\"access_token\":\"token-" + forms.size() + "\",\"token_type\":\"Bearer\",\"expires_in\":600}");
        });
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            atApi.add(exchange.getRequestHeaders().getFirst("Authorization").substring(7));
            answer(exchange, 200, "{}");
        });
        server.start();
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        endpoint = url + "?oauth2ClientId=app&oauth2ClientSecret=secret&oauth2CacheTokens=true&oauth2TokenEndpoint=" + url + "/token";
        try (DefaultCamelContext camel = new DefaultCamelContext()) {
            camel.start();
            template = camel.createProducerTemplate();
            show("GET /orders/1, /orders/2, /orders/3", "", "orders/1", "orders/2", "orders/3");
            show("GET /orders?page=1, /orders?page=2", "", "orders?page=1", "orders?page=2");
            show("GET /stock, for the scope stock:read", "&oauth2Scope=stock:read", "stock");
            show("then /stock, for stock:write", "&oauth2Scope=stock:write", "stock");
            show("with oauth2ResourceIndicator", "&oauth2Scope=stock:read&oauth2ResourceIndicator=https://api.example.com", "prices");
        }
        Field kept = OAuth2ClientConfigurer.class.getDeclaredField("tokenCache");
        kept.setAccessible(true);
        System.out.printf("%-39s %d tokens%n", "kept at the end:", ((Map<?, ?>) kept.get(null)).size());
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
java -cp "lib/*" Check.java | tee seen
diff - seen <<'SEEN'
GET /orders/1, /orders/2, /orders/3:    3 requests for tokens                            token-1 token-2 token-3
GET /orders?page=1, /orders?page=2:     2 requests for tokens                            token-1 token-2
GET /stock, for the scope stock:read:   grant_type=client_credentials&scope=stock:read   token-1
then /stock, for stock:write:           nothing                                          token-1
with oauth2ResourceIndicator:           &resource=https://api.example.com                nothing
kept at the end:                        6 tokens
SEEN
